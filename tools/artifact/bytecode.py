"""Compiles bytecode at build time instead of in every cold start: a function cannot write beside its code.

This requires a Python of the target's version, since bytecode depends on the version. Without one there is no bytecode.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import uv

from tools.artifact.target import Target

WHERE_LAMBDA_HAS_IT = "/var/task"
"""The folder of the code in tracebacks. Source: Lambda developer guide, `LAMBDA_TASK_ROOT`."""

# Unchecked, so that the bytecode does not contain the files' times, which differ from build to build.
_COMPILE = """
import pathlib, py_compile, sys
root, seen_as = pathlib.Path(sys.argv[1]), sys.argv[2]
for path in sorted(root.rglob("*.py")):
    py_compile.compile(
        str(path), dfile=f"{seen_as}/{path.relative_to(root).as_posix()}", doraise=True,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
"""


def interpreter(target: Target) -> Path | None:
    """Return a Python of the target's version: the running one, one on the path, or one installed by uv or pyenv."""
    version = f"{target.version[0]}.{target.version[1]}"
    return next((path for path in _candidates(version) if _version(path) == version), None)


def _candidates(version: str) -> Iterator[Path]:
    yield Path(sys.executable)
    if found := shutil.which(f"python{version}"):
        yield Path(found)
    if asked := _output([uv.find_uv_bin(), "python", "find", "--no-project", "--no-python-downloads", version]):
        yield Path(asked)
    # pyenv's commands on the path run the selected version, which may be another one.
    yield from sorted(
        Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser().glob(f"versions/{version}.*/bin/python")
    )


def _version(python: Path) -> str:
    return _output([str(python), "-c", "import sys; print('{}.{}'.format(*sys.version_info))"])


def _output(command: list[str]) -> str:
    """Return the output of a command, or the empty string if it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    except OSError:
        return ""
    return "" if done.returncode else done.stdout.strip()


def compile_all(folder: Path, python: Path) -> None:
    """Compile every module in the folder; the same modules give the same bytes."""
    # The order of a set in the bytecode depends on the seed.
    environment = {"PYTHONHASHSEED": "0", "PATH": os.environ.get("PATH", "")}
    command = [str(python), "-s", "-S", "-c", _COMPILE, str(folder), WHERE_LAMBDA_HAS_IT]
    subprocess.run(command, check=True, env=environment)  # noqa: S603 - our own arguments
