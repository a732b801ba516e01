"""The end of connections, and its code and reason in `$disconnect`."""

import asyncio
import os
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from local_aws.api_gateway import connection as connection_module
from local_aws.api_gateway import gateway as gateway_module
from tests.support.gateway import Api, Event


async def ended(api: Api) -> tuple[int, str]:
    """Return the code and the reason of the `$disconnect` event."""
    [event] = await api.events("DISCONNECT")
    return event["requestContext"]["disconnectStatusCode"], event["requestContext"]["disconnectReason"]


async def closed_with(client: ClientConnection) -> tuple[int, str]:
    """Wait for the server's closing frame; return its code and reason."""
    with pytest.raises(ConnectionClosed) as caught:
        await asyncio.wait_for(client.recv(), 5)
    assert caught.value.rcvd is not None
    return int(caught.value.rcvd.code), caught.value.rcvd.reason


async def repeat(action: Callable[..., Awaitable[Any]], *arguments: str) -> None:
    """Repeat an action until it fails."""
    while True:
        await action(*arguments)
        await asyncio.sleep(0.05)


def reset(client: ClientConnection) -> None:
    """Drop a connection like a crashed machine."""
    raw: socket.socket = client.transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.transport.abort()


@pytest.fixture
async def chat(api: Api) -> Api:
    """Add `$connect`, `$default` and `$disconnect` to an API."""
    for key in ("$connect", "$disconnect", "$default"):
        api.route(key)
    return api


@pytest.mark.parametrize(
    ("sent", "told"),
    [((1000, ""), (1000, "")), ((1001, ""), (1001, "")), ((4000, "bye é"), (4000, "bye é"))],
)
async def test_the_clients_code_and_reason_are_passed_on(
    chat: Api, sent: tuple[int, str], told: tuple[int, str]
) -> None:
    """A browser sends 1001 without a reason when a tab is closed (3.2)."""
    await chat.start()
    async with chat.connect() as client:
        await client.close(*sent)
    assert await ended(chat) == told


async def test_a_client_that_gives_no_code_is_reported_with_1005(chat: Api) -> None:
    """The reason has AWS's text (3.2)."""
    await chat.start()
    async with chat.connect() as client:
        client.transport.write(Frame(Opcode.CLOSE, b"").serialize(mask=True))
        await client.wait_closed()
    assert await ended(chat) == (1005, "Client-side close frame status not set")


@pytest.mark.parametrize("drop", [reset, lambda client: client.transport.abort()], ids=["reset", "end of stream"])
async def test_a_dropped_connection_is_reported_with_1006(chat: Api, drop: Any) -> None:
    """There was no closing frame (3.2)."""
    await chat.start()
    client = await chat.connect()
    drop(client)
    assert await ended(chat) == (1006, "")
    await client.wait_closed()


async def test_the_disconnect_event_belongs_to_its_connection(chat: Api) -> None:
    """It has the connection, its start and its client, and runs once (3.1)."""
    await chat.start()
    async with chat.connect():
        pass
    [event], [opened] = await chat.events("DISCONNECT"), await chat.events("CONNECT")
    for name in ("connectionId", "connectedAt", "identity"):
        assert event["requestContext"][name] == opened["requestContext"][name]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"binary", 1003),
        ("a" * 32_769, 1009),
        (["a" * 32_768] * 4 + ["a"], 1009),
    ],
    ids=["binary", "frame over 32 KB", "message over 128 KB"],
)
async def test_what_is_not_allowed_ends_the_connection(chat: Api, payload: Any, code: int) -> None:
    """The close has the code of the violated rule, the log has one line, and `$default` does not run (2.2, 3.2)."""
    await chat.start()
    async with chat.connect() as client:
        await client.send(payload)
        assert (await closed_with(client))[0] == code
    assert (await ended(chat))[0] == code
    assert [event["requestContext"]["eventType"] for event in chat.functions.events] == ["CONNECT", "DISCONNECT"]
    [line] = chat.lines
    assert f"closed with {code}" in line


async def test_exactly_as_much_as_allowed_is_allowed(chat: Api) -> None:
    """The limits are a frame of 32 KB, and a message of 128 KB in four frames (6)."""
    await chat.start()
    async with chat.connect() as client:
        await client.send("a" * 32_768)
        await client.send(["a" * 32_768] * 4)
        first, second = await chat.events("MESSAGE", 2)
    assert (len(first["body"]), len(second["body"])) == (32_768, 131_072)


@pytest.mark.parametrize(
    ("rubbish", "code"),
    [
        (Frame(Opcode.TEXT, b"\xff\xfe").serialize(mask=True), 1007),
        (Frame(Opcode.TEXT, b"unmasked").serialize(mask=False), 1002),
        (Frame(Opcode.CONT, b"of nothing").serialize(mask=True), 1002),
        (b"GET / HTTP/1.1\r\n\r\n", 1002),
        (Frame(Opcode.CLOSE, b"\x03").serialize(mask=True), 1002),
    ],
    ids=["not UTF-8", "not masked", "stray continuation", "not WebSocket", "malformed close"],
)
async def test_rubbish_ends_its_own_connection_and_nothing_else(chat: Api, rubbish: bytes, code: int) -> None:
    """RFC 6455, section 7.1.7, requires it; the log has one line (2.2)."""
    await chat.start()
    async with chat.connect() as bystander, chat.connect() as client:
        client.transport.write(rubbish)
        assert (await closed_with(client))[0] == code
        assert (await ended(chat))[0] == code
        await (await bystander.ping())
    assert len(chat.lines) == 1


async def test_random_bytes_never_harm_the_gateway(chat: Api) -> None:
    """Random bytes end their connection with at most one log line, and the next client is served."""
    await chat.start()
    for _ in range(50):
        client = await chat.connect()
        client.transport.write(os.urandom(200))
        client.transport.write_eof()
        await client.wait_closed()
    await chat.events("DISCONNECT", 50)
    assert len(chat.lines) <= 50
    async with chat.connect() as client:
        await (await client.ping())


async def test_an_idle_connection_is_closed(chat: Api) -> None:
    """Pings do not count as activity, messages do (3.2, 7)."""
    await chat.start(idle_seconds=0.4)
    async with chat.connect() as idle, chat.connect() as busy:
        pinging, sending = (asyncio.create_task(each) for each in (repeat(idle.ping), repeat(busy.send, "hello")))
        assert await closed_with(idle) == (1001, "Going away")
        assert await ended(chat) == (1001, "Going away")
        assert not sending.done()
        for task in (pinging, sending):
            task.cancel()
        await asyncio.wait((pinging, sending))


async def test_an_old_connection_is_closed_however_busy(chat: Api) -> None:
    """API Gateway ends every connection after two hours (3.2)."""
    await chat.start(lifetime_seconds=0.3)
    async with chat.connect() as client:
        with pytest.raises(ConnectionClosed):
            await repeat(client.send, "hello")
        assert (client.close_code, client.close_reason) == (1001, "Going away")
    assert await ended(chat) == (1001, "Going away")


async def test_a_client_that_does_not_answer_a_closing_frame_is_dropped(
    chat: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its `$disconnect` would otherwise wait forever."""
    monkeypatch.setattr(connection_module, "CLOSE_SECONDS", 0.1)
    await chat.start(lifetime_seconds=0.1)
    client = await chat.connect()
    client.transport.pause_reading()
    assert await ended(chat) == (1001, "Going away")
    client.transport.abort()
    await client.wait_closed()


async def test_a_failing_disconnect_function_is_logged_and_nothing_more(api: Api) -> None:
    """Its client is disconnected (3.3)."""

    async def function(event: Event) -> Any:
        return None

    api.route("$disconnect", function)
    await api.start()
    async with api.connect():
        pass
    await api.events("DISCONNECT")
    [line] = await api.logged()
    assert line.startswith("$disconnect ")


async def test_stopping_sends_everyone_away_and_is_quick(chat: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients receive 1001, functions `$disconnect`; a client that does not react causes no delay."""
    monkeypatch.setattr(gateway_module, "STOP_SECONDS", 0.3)
    await chat.start()
    polite, deaf = await chat.connect(), await chat.connect()
    deaf.transport.pause_reading()
    assert chat.gateway is not None
    began = time.monotonic()
    await chat.gateway.stop()
    assert time.monotonic() - began < 2
    assert await closed_with(polite) == (1001, "Going away")
    assert len(await chat.events("DISCONNECT")) >= 1
    deaf.transport.abort()
    with pytest.raises(OSError, match="Connect call failed"):
        await chat.connect()
    await chat.gateway.stop()


async def test_stopping_does_not_wait_for_slow_functions(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may run for half a minute."""
    monkeypatch.setattr(gateway_module, "STOP_SECONDS", 0.3)

    async def function(event: Event) -> Event:
        await asyncio.sleep(60)
        return {}

    api.route("$connect", function)
    await api.start()
    waiting = asyncio.create_task(api.connect().__aenter__())
    await api.events("CONNECT")
    assert api.gateway is not None
    began = time.monotonic()
    await api.gateway.stop()
    assert time.monotonic() - began < 2
    with pytest.raises(Exception, match="did not receive a valid HTTP response"):
        await waiting
