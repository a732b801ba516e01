"""Failures of handlers, of the log's reader and of embedded AWS, in the log and for the client."""

import asyncio
import json
import os
import signal
import subprocess
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.sync import client as sync_client

from tests.support.local_stack import CHAT, alive, local_stack
from tests.support.project import Project

RAISING = """
def greet(name):
    raise LookupError(f"nobody is called {name}")

def handler(event, context):
    greet(event["body"])
"""


async def test_exception_is_logged_once_with_all_that_finds_it_and_kept_from_the_client(tmp_path: Path) -> None:
    """The log has the function, the route, the connection and the traceback; the client gets only a general error."""
    project = Project(tmp_path, RAISING)
    with local_stack("--template", str(project.template)) as stack:
        async with connect(stack.ws_url, open_timeout=30) as client:
            await client.send("ada")
            frame = json.loads(await asyncio.wait_for(client.recv(), 30))
        assert frame.keys() == {"message", "connectionId", "requestId"}
        assert frame["message"] == "Internal server error"
        stack.wait_for_log("REPORT")
        said = [line.replace("\N{NO-BREAK SPACE}", " ") for line in stack.log]
    start = said.index(
        f"EchoFunction | [ERROR] LookupError: nobody is called ada [route $default, connection {frame['connectionId']}]"
    )
    assert said[start + 1 : start + 6] == [
        "EchoFunction | Traceback (most recent call last):",
        f'EchoFunction |   File "{project.code}", line 6, in handler',
        'EchoFunction |     greet(event["body"])',
        f'EchoFunction |   File "{project.code}", line 3, in greet',
        'EchoFunction |     raise LookupError(f"nobody is called {name}")',
    ]
    assert sum("nobody is called ada" in line for line in said) == 1


def test_stack_whose_log_nobody_reads_any_more_stops_all_the_same() -> None:
    """`chat local 2>&1 | head` closes the pipe. The stack and its processes must still end when asked to."""
    command = [str(CHAT), "local", "--port", "0", "--page-port", "0"]
    reading, writing = os.pipe()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=writing, stderr=writing) as process:
        os.close(writing)
        try:
            with os.fdopen(reading, encoding="utf-8") as log:
                assert any(line.startswith("Ready after") for line in log)
            process.terminate()
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()


def test_death_of_the_embedded_cloud_is_told_once_and_ends_the_stack() -> None:
    """The log names the cause once, not once for each call that fails because of it; no process is left."""
    with local_stack() as stack:
        with sync_client.connect(stack.ws_url) as client:
            client.send('{"action":"sendmessage","data":"live long"}')
            client.recv(timeout=30)
            started = stack.descendants()
            (cloud,) = [each for each in started if "moto_server" in _command(each)]
            os.kill(cloud, signal.SIGKILL)
            assert stack.process.wait(timeout=20) == 1
        stack.wait_for_log("The embedded AWS has ended by signal 9, and the stack ends with it")
        assert [line for line in stack.log if "has ended" in line] == [
            "error: The embedded AWS has ended by signal 9, and the stack ends with it."
        ]
        assert alive(started) == set()


def _command(process: int) -> str:
    done = subprocess.run(["ps", "-o", "args=", "-p", str(process)], capture_output=True, text=True, check=False)
    return done.stdout
