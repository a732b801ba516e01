"""The chat behind Starlette, on a real server."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from examples.starlette_chat import LIMITS, OUTBOX, config, create_app

V1 = [Subprotocol("chat.v1")]


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


async def sent(client: ClientConnection, data: str) -> dict[str, object]:
    """Send with a ref; return the reply, past all messages."""
    await send(client, data, ref=1)
    while (payload := json.loads(await heard(client))).get("type") != "sent":
        pass
    return dict(payload)


async def test_everybody_hears_a_message_in_their_own_format(url: str) -> None:
    """A plain client beside one that has asked for JSON, by the subprotocol that is confirmed."""
    async with connect(url) as plain, connect(url, subprotocols=V1) as rich, connect(f"{url}?format=json") as named:
        assert (plain.subprotocol, rich.subprotocol, named.subprotocol) == (None, "chat.v1", None)
        await send(plain, "live long")

        assert await heard(plain) == "live long"
        for each in (rich, named):
            message = json.loads(await heard(each))
            assert (message["type"], message["data"]) == ("message", "live long")


async def test_unknown_format_refuses_the_handshake(url: str) -> None:
    """A client that asked for something else would understand nothing of what it receives."""
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{url}?format=xml")
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
    async with connect(url, subprotocols=V1) as client:
        other = await connect(url)
        assert (await sent(client, "both"))["delivered"] == 2
        if abrupt:
            other.transport.abort()
        else:
            await other.close()
        # The server learns of it a moment later.
        replies = [await sent(client, "alone")]
        async with asyncio.timeout(10):
            while replies[-1]["delivered"] != 1:
                replies.append(await sent(client, "alone"))
        assert (replies[-1]["gone"], replies[-1]["failed"]) == (0, 0)


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
    # What is compressed would fill no buffer.
    async with connect(url, subprotocols=V1, compression=None) as client:
        silent = await connect(url, compression=None)
        silent.transport.pause_reading()
        for _ in range(OUTBOX * 4):
            if (reply := await sent(client, "x" * (LIMITS.payload_bytes - 200))).get("closed"):
                break

        assert (reply["delivered"], reply["failed"], reply.get("closed")) == (1, 1, 1)
        assert (await sent(client, "next"))["failed"] == 0
        silent.transport.abort()
