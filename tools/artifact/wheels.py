"""Wheels for the target, installed by uv from a lock with hashes; no code in them is run."""

import subprocess
import sys
from pathlib import Path
from shutil import rmtree

import uv

from tools.artifact.target import Target

UNUSED = ("bin", ".lock")
"""Installed beside the packages: commands, which name this machine's Python, and uv's lock file."""


class NoWheels(Exception):
    """The wheels could not be fetched; the text is uv's."""


def install(lock: Path, target: Target, folder: Path) -> None:
    """Put the packages of the lock that the target needs into the folder.

    Raises:
        NoWheels: There is no wheel for the target, a hash differs, or the index cannot be reached.

    """
    command = [
        *(uv.find_uv_bin(), "pip", "install", "--quiet", "--python", sys.executable, "--target", str(folder)),
        *("--python-version", target.python, "--python-platform", target.platform),
        *("--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement", str(lock)),
        # Some files are rewritten later, and a link would lead into uv's cache.
        *("--link-mode", "copy"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own arguments
    if done.returncode:
        raise NoWheels(done.stderr.strip())
    for name in UNUSED:
        rmtree(folder / name, ignore_errors=True)
        (folder / name).unlink(missing_ok=True)
