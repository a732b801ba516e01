"""Writes the archive for Lambda; equal contents give equal bytes."""

import os
import zipfile
from pathlib import Path

_FILE, _PROGRAM = 0o644, 0o755
_UNIX = 3

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time in the zip format."""


def settle(folder: Path) -> None:
    """Set the modes that Lambda needs, regardless of the umask, and the same time on all files of a folder."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(_PROGRAM if path.is_dir() else _mode(path))
        os.utime(path, (315532800, 315532800))


def pack(folder: Path, archive: Path) -> None:
    """Write the files of a folder into a zip file, in the order of their names and with the same time."""
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(folder.rglob("*"), key=lambda each: each.relative_to(folder).as_posix()):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), EPOCH)
                entry.create_system = _UNIX
                entry.external_attr = (0o100000 | _mode(path)) << 16
                packed.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)


def _mode(path: Path) -> int:
    return _PROGRAM if path.suffix == ".so" or ".so." in path.name else _FILE
