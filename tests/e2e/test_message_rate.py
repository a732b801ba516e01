"""A client that sends more than its rate, through the whole: it is told, and nobody else is held up."""

import asyncio
import json

from websockets.asyncio.client import connect

from tests.support.local_stack import local_stack

MESSAGE = '{"action":"sendmessage","data":"live long","ref":1}'
BURST = 5
SENT = 20


async def test_client_that_sends_more_than_its_rate_is_told_and_stays_connected() -> None:
    """As the template's parameters have it; another client sends as before."""
    # No second message becomes due while the test runs.
    with local_stack("--parameter-overrides", "MessageRate=0.001", f"MessageBurst={BURST}") as stack:
        async with connect(stack.ws_url, open_timeout=60) as hears, connect(stack.ws_url) as floods:
            await asyncio.gather(*(floods.send(MESSAGE) for _ in range(SENT)))
            heard = [await asyncio.wait_for(hears.recv(), 60) for _ in range(BURST)]
            answers = [await asyncio.wait_for(floods.recv(), 60) for _ in range(SENT)]
            assert heard == ["live long"] * BURST
            refused = [json.loads(each) for each in answers if each != "live long"]
            assert [each["code"] for each in refused] == ["too_many_requests"] * (SENT - BURST)
            await hears.send('{"action":"sendmessage","data":"me too"}')
            assert await asyncio.wait_for(hears.recv(), 60) == "me too"
