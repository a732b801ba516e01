"""Edits of code while `chat local` runs it and clients are connected."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect

from local_aws.dev import watch
from tests.support.local_stack import LocalStack, local_stack
from tests.support.project import Project, answering

SLOW = """
import pathlib, time
def handler(event, context):
    pathlib.Path(event["body"]).touch()
    time.sleep(2)
    return {"statusCode": 200, "body": "old"}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, answering("old"))


@pytest.fixture
def stack(project: Project) -> Iterator[LocalStack]:
    with local_stack("--template", "template.yaml", cwd=project.folder) as stack:
        yield stack


async def ask(client: ClientConnection, text: str = "?") -> str:
    await client.send(text)
    return str(await asyncio.wait_for(client.recv(), timeout=30))


async def reloads(stack: LocalStack, *, count: int = 1) -> list[str]:
    """Wait until the log has `count` lines about reloads; return them."""
    async with asyncio.timeout(20):
        while len(found := [line for line in stack.log if line.startswith("Reloaded")]) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found


async def test_connected_client_gets_the_answer_of_the_code_as_edited(project: Project, stack: LocalStack) -> None:
    """The second edit has the size of the first and follows soon, so that Python's compiled copy would seem current."""
    async with connect(stack.ws_url, open_timeout=30) as client:
        assert await ask(client) == "old"
        project.edit(answering("new"))
        assert await reloads(stack) == ["Reloaded: src/app.py changed"]
        assert await ask(client) == "new"
        project.edit(answering("now"))
        await reloads(stack, count=2)
        assert await ask(client) == "now"


async def test_syntax_error_is_logged_and_the_correction_runs(project: Project, stack: LocalStack) -> None:
    """Until then a client receives the gateway's error, and stays connected."""
    async with connect(stack.ws_url, open_timeout=30) as client:
        assert await ask(client) == "old"
        project.edit("def handler(:\n")
        await reloads(stack)
        assert json.loads(await ask(client))["message"] == "Internal server error"
        stack.wait_for_log(r"EchoFunction \| \[ERROR\] Runtime\.UserCodeSyntaxError: Syntax error in module 'app'")
        stack.wait_for_log(r'File "\S+/src/app\.py" Line 1')
        project.edit(answering("mended"))
        await reloads(stack, count=2)
        assert await ask(client) == "mended"


async def test_running_event_is_finished_by_the_code_that_started_it(project: Project, stack: LocalStack) -> None:
    """Only later events run the edited code."""
    project.edit(SLOW)
    await reloads(stack)
    began = project.folder / "began"
    async with connect(stack.ws_url, open_timeout=30) as first, connect(stack.ws_url) as second:
        await first.send(str(began))
        async with asyncio.timeout(20):
            while not began.exists():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        project.edit(answering("new"))
        await reloads(stack, count=2)
        assert await ask(second) == "new"
        assert await asyncio.wait_for(first.recv(), timeout=30) == "old"


async def test_edit_of_the_template_asks_for_a_restart(project: Project, stack: LocalStack) -> None:
    """The template is read only at start-up; the functions keep running."""
    project.template.write_text(project.template.read_text() + "# edited\n")
    assert stack.wait_for_log("template.yaml") == (
        "Restart needed: template.yaml changed, and it is read only at start-up"
    )
    async with connect(stack.ws_url, open_timeout=30) as client:
        assert await ask(client) == "old"
    assert not [line for line in stack.log if line.startswith("Reloaded")]


async def test_no_reload_with_the_option_off(project: Project) -> None:
    """A measurement must not be disturbed by a reload."""
    with local_stack("--template", "template.yaml", "--no-reload", cwd=project.folder) as stack:
        async with connect(stack.ws_url, open_timeout=30) as client:
            assert await ask(client) == "old"
            project.edit(answering("new"))
            # With reloading on, an edit is noticed within this time.
            await asyncio.sleep(2 * watch.INTERVAL_SECONDS)
            assert await ask(client) == "old"
