"""Builds of the Lambda artifact, from copies of the repository."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tools.artifact.build import REPOSITORY, Archive, build
from tools.artifact.target import Target

RUNNING = "{}.{}".format(*sys.version_info)
"""The version of the Python that runs the tests: what is built for it can be run by them."""


def needs_package_index() -> None:
    """Skip where wheels cannot be fetched."""
    if not _package_index_answers():
        pytest.skip("wheels have to be fetched, and the package index does not answer")


@cache
def _package_index_answers() -> bool:
    command = [sys.executable, "-m", "pip", "index", "versions", "--retries", "0", "--timeout", "10", "hpack"]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0


def own_architecture() -> str:
    """Return what has to be built for this machine to run it; skip where nothing that is built can run."""
    if sys.platform != "linux":
        pytest.skip("Lambda's libraries are Linux's, and cannot be run here")
    return "arm64" if os.uname().machine == "aarch64" else "x86_64"


def built(folder: Path, *, architecture: str, adapters: str, python: str = RUNNING) -> list[Archive]:
    """Build from a fresh copy of what a build reads; return the archives, in `folder/build`."""
    source = folder / "source"
    for name in ("src", "infrastructure", "requirements"):
        # Not `copy2`: the copies get times of their own.
        shutil.copytree(REPOSITORY / name, source / name, copy_function=shutil.copyfile)
    target = Target(python=python, architecture=architecture)
    return build(target, adapters=adapters, output=folder / "build", log=lambda _line: None, source=source)


def built_elsewhere(folder: Path, *, architecture: str, adapters: str) -> list[Archive]:
    """Build the same at another time of the files, under another umask."""
    umask = os.umask(0o077)
    try:
        return built(folder, architecture=architecture, adapters=adapters)
    finally:
        os.umask(umask)
