"""The chat behind Starlette, on a real server."""

import asyncio
import itertools
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from examples.starlette_chat import LIMITS, OUTBOX, config, create_app

IDS = itertools.count(1)
RICH = [Subprotocol("centrifuge-json")]


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """Serve the example on a free port; return its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(config(create_app()))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield f"ws://127.0.0.1:{listener.getsockname()[1]}/chat"
    server.should_exit = True
    await serving


async def heard(client: ClientConnection) -> str:
    return str(await asyncio.wait_for(client.recv(), 10))


async def send(client: ClientConnection, data: str, **members: object) -> None:
    await client.send(json.dumps({"action": "sendmessage", "data": data, **members}))


async def call(client: ClientConnection, command: str, **members: object) -> dict[str, Any]:
    """Send a command of the Centrifuge protocol; return its result, past all pushes."""
    number = next(IDS)
    await client.send(json.dumps({"id": number, command: members}))
    while True:
        for line in (await heard(client)).split("\n"):
            reply = json.loads(line)
            if reply.get("id") == number:
                assert "error" not in reply, reply
                return dict(reply[command])


async def members(client: ClientConnection) -> int:
    """Count the lobby."""
    return int((await call(client, "presence_stats", channel="lobby"))["num_clients"])


@asynccontextmanager
async def joined(url: str) -> AsyncIterator[ClientConnection]:
    """Connect a client of the Centrifuge protocol to the lobby."""
    # What is compressed would fill no buffer.
    async with connect(url, subprotocols=RICH, compression=None) as client:
        await call(client, "connect")
        await call(client, "subscribe", channel="lobby")
        yield client


async def test_everybody_hears_a_message_in_their_own_format(url: str) -> None:
    """A plain client beside one of the Centrifuge protocol, by the subprotocol that is confirmed."""
    async with connect(url) as plain, joined(url) as rich, connect(f"{url}?protocol=centrifuge") as named:
        assert (plain.subprotocol, rich.subprotocol, named.subprotocol) == (None, RICH[0], None)
        await send(plain, "live long")

        assert await heard(plain) == "live long"
        assert json.loads(await heard(rich)) == {
            "push": {"channel": "lobby", "pub": {"data": "live long", "offset": 1}}
        }


async def test_unknown_protocol_refuses_the_handshake(url: str) -> None:
    """A client that asked for something else would understand nothing of what it receives."""
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{url}?protocol=xml")
    assert refused.value.response.status_code == 403


async def test_fault_keeps_the_connection(url: str) -> None:
    """The sender learns what is wrong, and may go on."""
    async with connect(url) as client:
        await client.send("not JSON")
        assert json.loads(await heard(client))["code"] == "malformed_frame"
        await send(client, "still here")
        assert await heard(client) == "still here"


@pytest.mark.parametrize("abrupt", [False, True], ids=["closed", "broken off"])
async def test_connection_that_ended_is_no_member_any_more(url: str, *, abrupt: bool) -> None:
    """Otherwise every message would be tried at connections that left days ago."""
    async with joined(url) as client:
        other = await connect(url)
        assert await members(client) == 2
        if abrupt:
            other.transport.abort()
        else:
            await other.close()
        # The server learns of it a moment later.
        async with asyncio.timeout(10):
            while await members(client) != 1:  # noqa: ASYNC110 - what ends it is in the server
                await asyncio.sleep(0.01)


async def test_message_that_is_too_large_ends_its_connection_alone(url: str) -> None:
    """What one client sends must not fill the memory of all."""
    async with connect(url) as client, connect(url) as other:
        await client.send("x" * (LIMITS.payload_bytes + 1))
        with pytest.raises(ConnectionClosed) as closed:
            await heard(client)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
        await send(other, "still here")
        assert await heard(other) == "still here"


async def test_binary_message_ends_its_connection(url: str) -> None:
    """The chat is text; a client that sends something else is told so by the close code."""
    async with connect(url) as client:
        await client.send(b"\x00")
        with pytest.raises(ConnectionClosed) as closed:
            await heard(client)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1003


async def test_client_that_does_not_read_is_disconnected(url: str) -> None:
    """It holds up nobody, and no more waits for it than its outbox holds."""
    async with joined(url) as client:
        silent = await connect(url, compression=None)
        assert await members(client) == 2
        silent.transport.pause_reading()
        for _ in range(OUTBOX * 4):
            await call(client, "publish", channel="lobby", data="x" * (LIMITS.payload_bytes - 500))
            if await members(client) == 1:
                break
        assert await members(client) == 1
        silent.transport.abort()
