"""The chat over plain TCP, on real sockets."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest

from examples.custom_sink import BUFFER_BYTES, LINE_BYTES, start


class Client:
    """A line-based client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def say(self, line: str) -> None:
        self._writer.write(line.encode() + b"\n")

    async def hear(self, line: str) -> None:
        """Read until this line arrives."""
        async with asyncio.timeout(10):
            while (heard := await self._reader.readline()) != line.encode() + b"\n":
                assert heard, "the connection has ended"

    async def read_to_end(self) -> bytes:
        async with asyncio.timeout(10):
            return await self._reader.read()

    @property
    def transport(self) -> asyncio.Transport:
        return cast("asyncio.Transport", self._writer.transport)

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
async def clients() -> AsyncIterator[tuple[Client, Client]]:
    """Serve the example on a free port, with two clients that have heard each other."""
    server = await start(0)
    port = server.sockets[0].getsockname()[1]
    ada, ben = [Client(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(2)]
    for each in (ada, ben):
        each.say("here")
        await each.hear("here")
    yield ada, ben
    for each in (ada, ben):
        each.close()
    server.close()


async def test_line_arrives_at_everybody(clients: tuple[Client, Client]) -> None:
    """An embedder with a transport of its own gets a whole chat."""
    ada, ben = clients
    ada.say("good morning")
    ben.say("grüße")

    for each in clients:
        await each.hear("grüße")
    ada.close()
    ben.say("alone")
    await ben.hear("alone")


async def test_line_that_is_too_long_ends_its_connection_alone(clients: tuple[Client, Client]) -> None:
    """What one client sends must not fill the memory of all."""
    ada, ben = clients
    ben.say("x" * (2 * LINE_BYTES))
    with pytest.raises(AssertionError, match="the connection has ended"):
        await ben.hear("never")

    ada.say("still here")
    await ada.hear("still here")


async def test_client_that_does_not_read_is_cut_off(clients: tuple[Client, Client]) -> None:
    """It holds up nobody, and no more waits for it than its buffer holds."""
    ada, ben = clients
    ben.transport.pause_reading()
    line = "x" * (LINE_BYTES - 2)
    # The system's own buffers take some megabytes before ours begins to fill.
    lines = BUFFER_BYTES // LINE_BYTES * 200
    for _ in range(lines):
        ada.say(line)
        await ada.hear(line)
    ben.transport.resume_reading()

    assert len(await ben.read_to_end()) < lines * LINE_BYTES / 2
