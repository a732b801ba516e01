"""One build, from the sources and locks to the archives and templates."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from entrypoints.local.rooms import check_rooms
from tools.artifact import archive, bytecode, templates, trim, wheels
from tools.artifact.target import Target

REPOSITORY = Path(__file__).parents[2]

ADAPTERS = ("direct", "sdk")
"""The values of the template's parameter `Adapters`, for which an artifact can be built."""
DEFAULT_ADAPTERS = "direct"

FUNCTIONS = "functions"
SPECIAL = {"authorize": "authorizer"}
"""The archives of handlers with an archive of their own, so that the other functions do not contain its libraries."""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A built archive."""

    path: Path
    unpacked_bytes: int

    @property
    def packed_bytes(self) -> int:
        """The size of the upload."""
        return self.path.stat().st_size


def build(
    target: Target, *, adapters: str, output: Path, log: Callable[[str], None], source: Path = REPOSITORY
) -> list[Archive]:
    """Build everything into the folder `output`, and replace an earlier build.

    Args:
        target: The runtime and the architecture.
        adapters: One of `ADAPTERS`.
        output: The folder.
        log: Called with lines for the user.
        source: The folder that holds `src/`, `infrastructure/`, `requirements/` and `rooms.json`.

    Raises:
        WrongSettings: `rooms.json` cannot be used.
        NoWheels: A package of a lock is not available for the target.
        UnknownCode: A template refers to its code in an unknown form.

    """
    check_rooms(source / "rooms.json")
    python = bytecode.interpreter(target)
    if python is None:
        log(
            f"Note: built without bytecode, since Python {target.python} is not installed. The functions work, but "
            f"each cold start compiles the modules again; `uv python install {target.python}` installs it."
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
    """Delete the files of an earlier build and nothing else."""
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
    if name == FUNCTIONS:
        shutil.copy(source / "rooms.json", folder)
    if python is not None:
        bytecode.compile_all(folder, python)
    archive.settle(folder)
    archive.pack(folder, output / f"{name}.zip")
    unpacked = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Archive(path=output / f"{name}.zip", unpacked_bytes=unpacked)
