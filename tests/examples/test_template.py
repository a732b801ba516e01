"""The template of one's own, as its README has it run."""

import asyncio
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.support.local_stack import LocalStack, local_stack

EXAMPLE = Path(__file__).parents[2] / "examples" / "template"


@pytest.fixture(scope="module")
def poll() -> Iterator[LocalStack]:
    """Run the example."""
    with local_stack("--template", str(EXAMPLE / "template.yaml")) as stack:
        yield stack


async def heard(client: ClientConnection) -> object:
    return json.loads(await asyncio.wait_for(client.recv(), 30))


async def test_everybody_sees_a_vote(poll: LocalStack) -> None:
    """Over a table and posts to connections, with boto3 as it is on AWS."""
    async with connect(poll.ws_url, open_timeout=30) as ada, connect(poll.ws_url, open_timeout=30) as ben:
        await ada.send('{"action": "vote", "choice": "tea"}')

        assert [await heard(ada), await heard(ben)] == [{"tea": 1}] * 2


def test_nothing_of_the_template_is_left_out(poll: LocalStack) -> None:
    """An example should run whole: whatever the emulator does not do is named in its log."""
    assert [line for line in poll.log if re.search(r"(?i)not run here|no effect here|not looked at", line)] == []


async def test_missing_permission_is_named(tmp_path: Path) -> None:
    """The README has its reader take the statement away, and promises that the log says what to add."""
    shutil.copytree(EXAMPLE, tmp_path / "template")
    template = tmp_path / "template" / "template.yaml"
    whole = template.read_text(encoding="utf-8")
    without = re.sub(r"(?m)^        - Statement:\n(?:            .*\n)+", "", whole)
    assert without != whole
    template.write_text(without, encoding="utf-8")

    with local_stack("--template", str(template)) as stack:
        async with connect(stack.ws_url, open_timeout=30) as client:
            await client.send('{"action": "vote", "choice": "tea"}')
            line = await asyncio.to_thread(stack.wait_for_log, "execute-api:ManageConnections")
    assert "Allow" in line
