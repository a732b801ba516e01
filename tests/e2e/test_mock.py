"""`chat local` with an API whose routes need no function."""

import asyncio
import json
from pathlib import Path

from websockets.asyncio.client import connect

from tests.support.local_stack import local_stack

TEMPLATE = Path(__file__).parents[1] / "fixtures" / "templates" / "mock.yaml"


async def test_mock_integrations_of_a_template_answer() -> None:
    """The gateway alone accepts the connection, answers a ping, and tells the client its id."""
    with local_stack("--template", str(TEMPLATE)) as stack:
        async with connect(stack.ws_url, open_timeout=30) as client:
            await client.send('{"action": "ping"}')
            assert json.loads(await asyncio.wait_for(client.recv(), 30)) == {"pong": True}
            await client.send("who am I?")
            found = json.loads(await asyncio.wait_for(client.recv(), 30))
        assert (len(found["id"]), found["stage"]) == (16, "dev")
        # A function that no route needs is started all the same.
        stack.wait_for_log(r"^Idle \| imported")
        assert not [line for line in stack.log if line.startswith(("No effect", "Not run"))]
