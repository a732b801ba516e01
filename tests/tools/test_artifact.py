"""Complete builds, with the wheels of the lock files."""

import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.support.builds import (
    RUNNING,
    built,
    built_elsewhere,
    needs_package_index,
    own_architecture,
    shared_build,
)
from tests.support.local_stack import local_stack
from tools.artifact.__main__ import main
from tools.artifact.build import REPOSITORY

pytestmark = pytest.mark.timeout(300)

MACHINES = {"arm64": 183, "x86_64": 62}
"""EM_AARCH64 and EM_X86_64 of elf.h."""


@pytest.fixture(scope="module")
def runnable(shared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build an artifact that this machine can run; return the folder `build`."""
    needs_package_index()
    folder = tmp_path_factory.mktemp("runnable")
    return built(shared_folder, folder, architecture=own_architecture(), adapters="sdk")


@pytest.mark.parametrize("architecture", MACHINES)
def test_build_is_the_same_wherever_it_is_made(tmp_path: Path, shared_folder: Path, architecture: str) -> None:
    """Folder, umask and file times make no difference, and every library is built for the target."""
    needs_package_index()
    first = sorted(shared_build(shared_folder, architecture=architecture).glob("*.zip"))
    second = sorted(built_elsewhere(shared_folder, tmp_path, architecture=architecture).glob("*.zip"))

    assert [each.name for each in first] == [each.name for each in second] != []
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
        assert machines(one) == {MACHINES[architecture]}


def test_every_library_of_the_sdk_is_the_machines_too(runnable: Path) -> None:
    """Lambda would find a library for another processor only at the first event."""
    assert len(machines(runnable / "functions.zip")) == 1


def machines(archive: Path) -> set[int]:
    """Return the processors of the archive's libraries: `e_machine` of each ELF header."""
    with zipfile.ZipFile(archive) as packed:
        libraries = [packed.read(name) for name in packed.namelist() if name.endswith(".so")]
    assert libraries
    assert all(library.startswith(b"\x7fELF") for library in libraries)
    return {struct.unpack_from("<H", library, 18)[0] for library in libraries}


def handlers() -> list[str]:
    folder = Path(__file__).parents[2] / "infrastructure"
    lines = [line.split() for path in sorted(folder.glob("*.yaml")) for line in path.read_text().splitlines()]
    return [words[1].removesuffix(".handler") for words in lines if words and words[0] == "Handler:"]


@pytest.mark.parametrize("module", handlers())
def test_handler_finds_everything_in_its_archive(runnable: Path, module: str) -> None:
    """On Lambda, the path has only the archive and Python's standard library."""
    archive = "authorizer" if module.endswith(".authorize") else "functions"
    code = f"import sys; sys.path.insert(0, {str(runnable / archive)!r}); import {module} as it; it.handler"
    environment = {
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "CONNECTIONS_TABLE": "connections",
        "FAN_OUT_QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/queue",
        "MANAGEMENT_ENDPOINT": "https://example.execute-api.us-east-1.amazonaws.com/dev",
        "ADAPTERS": "sdk",
        "AUTHORIZER_TYPE": "hs256",
        "TOKEN_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:s",
    }
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


async def test_built_template_runs_as_it_stands(runnable: Path) -> None:
    """The emulator runs the archives that a deploy would upload, from the built templates."""
    with local_stack("--template", str(runnable / "infrastructure" / "template.yaml")) as stack:
        async with connect(stack.ws_url, open_timeout=30) as client:
            await client.send('{"action":"sendmessage","data":"live long"}')
            assert await client.recv() == "live long"


def test_functions_have_their_rooms_beside_their_packages(runnable: Path) -> None:
    """As the file is, so that what was checked is what runs. The authorizer knows no room."""
    rooms = (REPOSITORY / "rooms.json").read_bytes()
    with zipfile.ZipFile(runnable / "functions.zip") as packed:
        assert packed.read("rooms.json") == rooms
    with zipfile.ZipFile(runnable / "authorizer.zip") as packed:
        assert "rooms.json" not in packed.namelist()


def test_built_template_says_what_it_was_built_for(runnable: Path) -> None:
    """An artifact runs only on the Python version that it was built for."""
    text = (runnable / "infrastructure" / "api.yaml").read_text(encoding="utf-8")
    assert f"Runtime: python{RUNNING}\n" in text


def test_command_refuses_what_cannot_be_fetched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is no wheel for so old a Python, and uv says so."""
    needs_package_index()
    status = main(["--python", "3.5", "--adapters", "direct", "--output", str(tmp_path)])
    assert status == 1
    assert capsys.readouterr().err.startswith("error: ")
