"""One build, from the sources and locks to the archives and templates."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.artifact import archive, bytecode, templates, trim, wheels
from tools.artifact.target import Target

REPOSITORY = Path(__file__).parents[2]

ADAPTERS = ("direct", "sdk")
"""The adapters that an artifact can be built for, as the template's parameter of that name has them."""
DEFAULT_ADAPTERS = "direct"

FUNCTIONS = "functions"
SPECIAL = {"authorize": "authorizer"}
"""The archive of each handler's module that has one of its own: the other functions need not carry what it imports."""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """What was built."""

    path: Path
    unpacked_bytes: int

    @property
    def packed_bytes(self) -> int:
        """How much is uploaded."""
        return self.path.stat().st_size


def build(
    target: Target, *, adapters: str, output: Path, log: Callable[[str], None], source: Path = REPOSITORY
) -> list[Archive]:
    """Build everything into the folder `output`, in the place of what a build left there.

    Args:
        target: What it is built for.
        adapters: One of `ADAPTERS`.
        output: The folder.
        log: Is told what a person should know.
        source: The folder that holds `src/`, `infrastructure/` and `requirements/`.

    Raises:
        NoWheels: something of a lock cannot be had for the target.
        UnknownCode: a template names its code in a way that is not understood.

    """
    python = bytecode.interpreter(target)
    if python is None:
        log(
            f"Note: without bytecode, since there is no Python {target.python} here. The functions work, and each cold "
            f"start compiles its modules anew; `uv python install {target.python}` gives one."
        )
    _clear(output)
    described = source / "infrastructure"
    built = [
        _build_archive(name, _lock(name, adapters), target, python, source=source, output=output)
        for name in sorted(templates.archives(described, SPECIAL, FUNCTIONS))
    ]
    (output / "infrastructure").mkdir()
    for path in sorted(described.glob("*.yaml")):
        text = templates.rewrite(
            path.read_text(encoding="utf-8"), target, special=SPECIAL, usual=FUNCTIONS, adapters=adapters
        )
        (output / "infrastructure" / path.name).write_text(text, encoding="utf-8")
    return built


def _lock(archive_name: str, adapters: str) -> str:
    return f"functions-{adapters if archive_name == FUNCTIONS else archive_name}.txt"


def _clear(output: Path) -> None:
    """Remove what an earlier build made, and nothing else that is in the folder."""
    output.mkdir(parents=True, exist_ok=True)
    for name in ("infrastructure", FUNCTIONS, *SPECIAL.values()):
        shutil.rmtree(output / name, ignore_errors=True)
        (output / f"{name}.zip").unlink(missing_ok=True)


def _build_archive(name: str, lock: str, target: Target, python: Path | None, *, source: Path, output: Path) -> Archive:
    folder = output / name
    folder.mkdir()
    wheels.install(source / "requirements" / lock, target, folder)
    trim.trim(folder)
    trim.copy_sources(source / "src", folder, with_sdk=lock == "functions-sdk.txt")
    if python is not None:
        bytecode.compile_all(folder, python)
    archive.settle(folder)
    archive.pack(folder, output / f"{name}.zip")
    unpacked = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Archive(path=output / f"{name}.zip", unpacked_bytes=unpacked)
