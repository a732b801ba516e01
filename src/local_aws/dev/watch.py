"""Noticing that files changed, by looking at them again and again.

Looking takes a few milliseconds for a few hundred files and works on every system and file system, mounted ones
included; the operating system's own notices do not, and need a library for each system.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from pathlib import Path

INTERVAL_SECONDS = 0.5
SETTLE_SECONDS = 0.1
"""An editor may write a file in several steps, and a checkout writes many: both are over once nothing changes for so
long."""
_SHARE = 10
"""Looking takes at most one part in so many of the time, however large the folders are."""

_SKIPPED_FOLDERS = {"__pycache__", "node_modules", "venv"}
_SKIPPED_ENDINGS = (".pyc", ".dist-info", ".egg-info", ".log", ".tmp", "~")
_VIM_PROBE = "4913"
"""The file that Vim makes for a moment, to see whether it may."""

Stamp = tuple[int, int, int]
"""A file's modification time in nanoseconds, its size in bytes and its number in the file system."""


def stamps(paths: Collection[Path]) -> dict[Path, Stamp]:
    """Return the stamp of each file among `paths` and below the folders among them.

    Hidden files, caches, virtual environments and what editors leave for a moment are passed over.
    """
    found: dict[Path, Stamp] = {}
    seen: set[tuple[int, int]] = set()
    for path in paths:
        if os.path.isdir(path):
            found |= _below(path, seen)
        else:
            found |= _stamped(path)
    return found


async def changes(paths: Collection[Path], *, before: Mapping[Path, Stamp]) -> AsyncIterator[frozenset[Path]]:
    """Yield the files that have changed, appeared or gone since the last time, once they have settled; never ends.

    Args:
        paths: Files, and folders with all that is below them.
        before: Their stamps, which the first changes are seen against.

    """
    delay = INTERVAL_SECONDS
    while True:
        await asyncio.sleep(delay)
        began = time.monotonic()
        after = await asyncio.to_thread(stamps, paths)
        delay = max(INTERVAL_SECONDS, _SHARE * (time.monotonic() - began))
        if after != before:
            after = await _settled(paths, after)
            yield difference(before, after)
            before = after


def difference(before: Mapping[Path, Stamp], after: Mapping[Path, Stamp]) -> frozenset[Path]:
    """Return the files whose stamps differ."""
    return frozenset(path for path, _ in before.items() ^ after.items())


async def _settled(paths: Collection[Path], seen: dict[Path, Stamp]) -> dict[Path, Stamp]:
    while True:
        await asyncio.sleep(SETTLE_SECONDS)
        latest = await asyncio.to_thread(stamps, paths)
        if latest == seen:
            return latest
        seen = latest


def _below(folder: Path, seen: set[tuple[int, int]]) -> dict[Path, Stamp]:
    """Return the stamps below a folder; `seen` keeps links to folders from leading in circles."""
    found: dict[Path, Stamp] = {}
    try:
        status = folder.stat()
        entries = list(_entries(folder))
    except OSError:
        # It went while it was looked at.
        return found
    if (status.st_dev, status.st_ino) in seen:
        return found
    seen.add((status.st_dev, status.st_ino))
    for entry in entries:
        found |= _below(Path(entry.path), seen) if _is_folder(entry) else _stamped(Path(entry.path))
    return found


def _entries(folder: Path) -> Iterator["os.DirEntry[str]"]:
    with os.scandir(folder) as entries:
        for entry in entries:
            skipped = entry.name in _SKIPPED_FOLDERS or entry.name == _VIM_PROBE
            if not skipped and not entry.name.startswith((".", "#")) and not entry.name.endswith(_SKIPPED_ENDINGS):
                yield entry


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link to itself, for one.
        return False


def _stamped(path: Path) -> dict[Path, Stamp]:
    try:
        status = path.stat()
    except OSError:
        return {}
    return {path: (status.st_mtime_ns, status.st_size, status.st_ino)}
