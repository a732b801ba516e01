"""Functions of `chat local` to which a debugger can attach."""

import asyncio
import importlib.util
import os
import socket
import subprocess
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.support.local_stack import CHAT, LocalStack, alive, local_stack
from tests.support.project import Project

STAND_IN = """
import socket
listeners = []
def listen(address):
    listeners.append(socket.create_server(address))
"""
"""The part of debugpy that the stack uses, for machines without debugpy."""

SLOW = """
import os, time
def handler(event, context):
    time.sleep(float(event["body"]))
    return {"statusCode": 200, "body": f"{os.getpid()} {context.get_remaining_time_in_millis() > 3600_000}"}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path, SLOW)
    project.template.write_text(project.template.read_text().replace("Timeout: 30", "Timeout: 1"))
    return project


@pytest.fixture
def debugpy(tmp_path: Path) -> dict[str, str]:
    """Return the environment variables with which the stack finds debugpy."""
    if importlib.util.find_spec("debugpy"):
        return {}
    package = tmp_path / "packages" / "debugpy"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(STAND_IN)
    return with_packages(package.parent)


def with_packages(folder: Path) -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def listening(stack: LocalStack, port: int, *, times: int = 1) -> None:
    """Wait until the log says `times` times that the function's debugger listens; connect to it."""
    async with asyncio.timeout(30):
        while stack.log.count(f"EchoFunction | debugger: 127.0.0.1:{port}") < times:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await writer.wait_closed()


async def test_debugger_can_attach_and_the_function_may_take_its_time(
    project: Project, debugpy: dict[str, str]
) -> None:
    """A developer at a breakpoint exceeds the function's timeout.

    Events run one at a time, before and after an edit.
    """
    port = free_port()
    with local_stack("--template", str(project.template), "--debug-port", str(port), env=debugpy) as stack:
        assert stack.wait_for_log("^Debugger") == f"Debugger   127.0.0.1:{port}  EchoFunction"
        await listening(stack, port)
        async with connect(stack.ws_url, open_timeout=30) as client:
            for seconds in ("1.5", "0"):
                await client.send(seconds)
            first, second = [str(await asyncio.wait_for(client.recv(), 30)) for _ in range(2)]
            assert first == second
            assert first.endswith(" True")
            project.edit(SLOW + "# edited\n")
            await listening(stack, port, times=2)
            await client.send("0")
            assert str(await asyncio.wait_for(client.recv(), 30)).split()[0] != first.split()[0]
        started = stack.descendants()
        await asyncio.to_thread(stack.stop)
    assert alive(started) == set()


async def test_function_that_is_not_named_has_no_debugger(debugpy: dict[str, str]) -> None:
    """Other functions run without a debugger, several events at a time."""
    port = free_port()
    with local_stack("--debug-port", str(port), "--debug-function", "DefaultFunction", env=debugpy) as stack:
        stack.wait_for_log(rf"^Api/DefaultFunction \| debugger: 127\.0\.0\.1:{port}$")
        assert [line.split()[-1] for line in stack.log if line.startswith("Debugger")] == ["Api/DefaultFunction"]


def refused(project: Project, *arguments: str, env: dict[str, str]) -> tuple[int, str]:
    """Start a stack that cannot start; return its exit status and the last line of its log."""
    command = [str(CHAT), "local", "--template", str(project.template), "--port", "0", *arguments]
    ended = subprocess.run(
        command, env=os.environ | env, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL
    )
    return ended.returncode, ended.stderr.splitlines()[-1]


def test_unknown_function_is_told_with_those_there_are(project: Project, debugpy: dict[str, str]) -> None:
    """It is reported as a mistake in the command line, with exit status 2."""
    status, line = refused(project, "--debug-port", str(free_port()), "--debug-function", "Ecko", env=debugpy)
    assert (status, line) == (2, "error: --debug-function Ecko: there is no such function; there are EchoFunction")


def test_taken_port_is_told(project: Project, debugpy: dict[str, str]) -> None:
    """Otherwise a function would fail to start later, for an unclear reason."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, line = refused(project, "--debug-port", str(port), env=debugpy)
    assert (status, line) == (1, f"error: Port {port} is taken; choose another with --debug-port.")


def test_missing_debugpy_is_told_in_one_line(project: Project, tmp_path: Path) -> None:
    """The stack reports it before it starts anything, with the command that installs debugpy."""
    # Hide debugpy if it is installed.
    (tmp_path / "sitecustomize.py").write_text('import sys\nsys.modules["debugpy"] = None\n')
    status, line = refused(project, "--debug-port", "5678", env=with_packages(tmp_path))
    assert status == 2
    assert (
        line == "error: --debug-port needs debugpy in the environment of the local stack: .venv/bin/pip install debugpy"
    )
