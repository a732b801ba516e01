"""Wheels for the target, fetched by pip from a lock with hashes; nothing is run that they hold."""

import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

from tools.artifact.target import Target

_HASH = re.compile(r"\s--hash=\S+")
_DATA = re.compile(r"[^/]+\.data/(?P<kind>[^/]+)/(?P<rest>.+)")
_INSTALLED = {"purelib", "platlib"}
"""What of a wheel's data folder belongs beside its packages; the rest is scripts, headers and manual pages."""


class NoWheels(Exception):
    """The wheels could not be fetched; the text is pip's."""


def requirements(lock: str, target: Target) -> Iterator[str]:
    """Yield the lines of a lock that hold for the target, with their hashes and without their markers.

    pip would judge the markers by the machine that it runs on.
    """
    for line in re.sub(r"\\\n\s*", "", lock).splitlines():
        pinned = _HASH.sub("", line).strip()
        if not pinned or pinned.startswith("#"):
            continue
        requirement = Requirement(pinned)
        if requirement.marker is None or requirement.marker.evaluate(dict(target.markers)):
            yield f"{requirement.name}{requirement.specifier}{''.join(_HASH.findall(line))}"


def install(lock: Path, target: Target, folder: Path) -> None:
    """Put the packages of the lock into the folder.

    Raises:
        NoWheels: there is no wheel for the target, or a hash differs, or no network.

    """
    with tempfile.TemporaryDirectory(prefix="artifact-") as scratch:
        download(lock, target, Path(scratch))
        for wheel in sorted(Path(scratch).glob("*.whl")):
            _unpack(wheel, folder)


def download(lock: Path, target: Target, folder: Path) -> None:
    """Download the wheels of the lock into the folder.

    Raises:
        NoWheels: there is no wheel for the target, or a hash differs, or no network.

    """
    with tempfile.TemporaryDirectory(prefix="artifact-") as scratch:
        wanted = Path(scratch, "requirements.txt")
        wanted.write_text("\n".join(requirements(lock.read_text(encoding="utf-8"), target)), encoding="utf-8")
        _pip_download(wanted, target, folder)


def _pip_download(wanted: Path, target: Target, wheels: Path) -> None:
    platforms = [argument for each in target.platforms for argument in ("--platform", each)]
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--only-binary", ":all:", "--require-hashes"),
        *("--implementation", "cp", "--python-version", target.python, *platforms),
        *("--requirement", str(wanted), "--dest", str(wheels)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        raise NoWheels(done.stderr.strip())


def _unpack(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            destination = _destination(entry.filename)
            if destination is not None and not entry.is_dir():
                path = folder / destination
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(entry))


def _destination(name: str) -> str | None:
    in_data = _DATA.fullmatch(name)
    if in_data is None:
        return name
    return in_data["rest"] if in_data["kind"] in _INSTALLED else None
