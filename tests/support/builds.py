"""Builds of the artifact, from copies of the repository."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import uv

from tests.support.once import once
from tools.artifact.build import REPOSITORY, build
from tools.artifact.target import Target

RUNNING = "{}.{}".format(*sys.version_info)
"""The Python version that runs the tests, and so can run what is built for it."""


def needs_package_index() -> None:
    """Skip if wheels cannot be downloaded."""
    if not _package_index_answers():
        pytest.skip("wheels have to be fetched, and the package index does not answer")


@cache
def _package_index_answers() -> bool:
    command = [uv.find_uv_bin(), "pip", "compile", "--quiet", "--no-deps", "--refresh", "-"]
    environment = os.environ | {"UV_HTTP_TIMEOUT": "10", "UV_HTTP_RETRIES": "0"}
    done = subprocess.run(command, input=b"hpack", env=environment, capture_output=True, check=False, timeout=60)
    return done.returncode == 0


def own_architecture() -> str:
    """Return Lambda's name of this machine's architecture; skip on other systems than Linux."""
    if sys.platform != "linux":
        pytest.skip("Lambda's libraries are Linux's, and cannot be run here")
    return "arm64" if os.uname().machine == "aarch64" else "x86_64"


def shared_build(shared: Path, *, architecture: str) -> Path:
    """Build with the default adapters, once for all tests; return the folder `build`. No test changes an archive."""
    return once(
        shared, f"build-{architecture}", lambda folder: built(shared, folder, architecture=architecture)
    ).joinpath("build")


def built(shared: Path, folder: Path, *, architecture: str, adapters: str = "direct") -> Path:
    """Build from a fresh copy of what a build reads; return the folder `folder/build`.

    All builds of a run have one cache of wheels, in `shared`.
    """
    source = folder / "source"
    for name in ("src", "infrastructure", "requirements"):
        # Not `copy2`: the copies get new times.
        shutil.copytree(REPOSITORY / name, source / name, copy_function=shutil.copyfile)
    shutil.copyfile(REPOSITORY / "rooms.json", source / "rooms.json")
    target = Target(python=RUNNING, architecture=architecture)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UV_CACHE_DIR", str(shared / "uv-cache"))
        build(target, adapters=adapters, output=folder / "build", log=lambda _line: None, source=source)
    return folder / "build"


def built_elsewhere(shared: Path, folder: Path, *, architecture: str) -> Path:
    """Build the same at another time of the files, under another umask."""
    umask = os.umask(0o077)
    try:
        return built(shared, folder, architecture=architecture)
    finally:
        os.umask(umask)
