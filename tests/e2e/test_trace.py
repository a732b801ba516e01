"""The output of `chat local --trace`."""

import asyncio

from websockets.asyncio.client import connect

from tests.support.local_stack import local_stack


async def test_trace_shows_events_answers_and_posts() -> None:
    """Output to a pipe has no colours; an event is followed by its JSON document."""
    with local_stack("--trace") as stack:
        async with connect(stack.ws_url, open_timeout=30) as client:
            await client.send('{"action":"sendmessage","data":"live long"}')
            assert await asyncio.wait_for(client.recv(), 30) == "live long"
        stack.wait_for_log(r"<- #\d+ Api/DisconnectFunction, route \$disconnect, connection \S{16}, \d+ ms$")
        event = stack.wait_for_log(r"-> #\d+ Api/SendMessageFunction, route sendmessage, connection \S{16}$")
        stack.wait_for_log(r'^    "body": "{\\"action\\":\\"sendmessage\\"')
        connection = event.rpartition(" ")[2]
        stack.wait_for_log(rf"@connections POST {connection} 9 bytes: 200$")
        assert "\x1b" not in "".join(stack.log)
