"""Work that is done once in a run of the tests, however many processes take part in it."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path


def once(shared: Path, name: str, make: Callable[[Path], object]) -> Path:
    """Return the folder `name` in the folder that the processes share; the first caller makes its contents.

    The others wait meanwhile. If making fails, the next caller tries again.
    """
    folder = shared / name
    done = shared / f"{name}.done"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder
