"""Clients that do not read: they are disconnected, and other clients do not wait for them."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.support.local_stack import LocalStack, local_stack

DEAF = 3
FILLER = "x" * 30_000
PATIENCE_SECONDS = 10
"""How long a message may take on a busy machine.

If a client that does not read delayed it, it would take 27 s or more.
"""
ANSWERED = b"101"

pytestmark = [pytest.mark.alone, pytest.mark.timeout(180)]


@pytest.fixture
def stack() -> Iterator[LocalStack]:
    """Start a stack whose log no other test writes to."""
    with local_stack() as stack:
        yield stack


async def test_clients_that_do_not_read_are_sent_away_and_delay_nobody(stack: LocalStack) -> None:
    """The kernel's buffers fill, then the gateway's; then the management API answers 429 for these connections."""
    deaf = [open_deaf(stack.ws_url) for _ in range(DEAF)]
    async with reading(stack.ws_url) as (filler, _), reading(stack.ws_url) as (speaker, heard):
        sent = 0
        while stack_said(stack, "closed") < DEAF:
            sent += 1
            await filler.send(json.dumps({"action": "sendmessage", "data": FILLER}))
            await speaker.send(json.dumps({"action": "sendmessage", "data": f"word {sent}"}))
            async with asyncio.timeout(PATIENCE_SECONDS):
                while await heard.get() != f"word {sent}":
                    pass
    for client in deaf:
        client.settimeout(30)
        while await asyncio.to_thread(client.recv, 1 << 20):
            pass
        client.close()


def stack_said(stack: LocalStack, name: str) -> int:
    """Return the sum of a counter over the summaries that the functions log."""
    return sum(int(count) for line in list(stack.log) for count in re.findall(f"'{name}': (\\d+)", line))


def open_deaf(url: str) -> socket.socket:
    """Connect a client that reads only the response to its handshake."""
    parts = urlsplit(url)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((parts.hostname, parts.port))
    head = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    client.sendall((head + key).encode())
    assert client.recv(12).endswith(ANSWERED)
    return client


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[tuple[ClientConnection, "asyncio.Queue[str]"]]:
    """Connect a client that reads everything, and queues the short messages."""
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def read(client: ClientConnection) -> None:
        async for text in client:
            if len(text) < len(FILLER):
                heard.put_nowait(str(text))

    async with connect(url) as client:
        task = asyncio.create_task(read(client))
        yield client, heard
        task.cancel()
