"""Rewrites the templates for the artifact: the paths of the archives, the runtime and the architecture."""

import re
from collections.abc import Mapping
from pathlib import Path

from tools.artifact.target import Target

_CODE = re.compile(r"CodeUri: \.\./src/(?=\n\s+Handler: entrypoints\.aws_lambda\.(?P<module>\w+)\.handler\n)")
_ANY_CODE = re.compile(r"CodeUri:.*")
_RUNTIME = re.compile(r"Runtime: python\S+")
_ARCHITECTURE = re.compile(r"Architectures: \[\w+\]")
_ADAPTERS = re.compile(r"(?m)(?P<head>^  Adapters:\n    Type: String\n    Default: )\w+$")


class UnknownCode(Exception):
    """A template refers to its code in an unknown form."""


def archives(templates: Path, special: Mapping[str, str], usual: str) -> set[str]:
    """Return the archives that the functions of the templates need.

    Args:
        templates: The folder of the templates.
        special: The archives of handlers with an archive of their own, by module.
        usual: The archive of all the others.

    """
    text = "".join(path.read_text(encoding="utf-8") for path in templates.glob("*.yaml"))
    return {special.get(found["module"], usual) for found in _CODE.finditer(text)}


def rewrite(text: str, target: Target, *, special: Mapping[str, str], usual: str, adapters: str) -> str:
    """Return a template that deploys the archives beside its folder.

    Raises:
        UnknownCode: The code of a function is not `../src/`, with the handler on the next line.

    """
    text = _CODE.sub(lambda found: f"CodeUri: ../{special.get(found['module'], usual)}.zip", text)
    for found in _ANY_CODE.finditer(text):
        if not found[0].endswith(".zip"):
            raise UnknownCode(f"`{found[0]}` has to be `CodeUri: ../src/`, with its Handler on the next line")
    text = _RUNTIME.sub(f"Runtime: python{target.python}", text)
    text = _ARCHITECTURE.sub(f"Architectures: [{target.architecture}]", text)
    return _ADAPTERS.sub(rf"\g<head>{adapters}", text)
