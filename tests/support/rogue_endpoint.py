"""A management API on raw sockets, which breaks HTTP in any way that a test wants."""

import asyncio
import re
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import unquote

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

Reply = Callable[["Post", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Post:
    """A request that arrived."""

    connection_id: str
    number: int
    """The number of the request for this connection, from 1."""
    head: str
    body: bytes


@dataclass
class RogueEndpoint:
    """The requests that arrived, and the reply to them."""

    url: str = ""
    reply: Reply = field(default_factory=lambda: say(OK))
    posts: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    """How many posts to each connection were answered with 200."""
    opened: int = 0
    now_open: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self.now_open += 1
        try:
            while not writer.is_closing():
                await self.reply(await self._read(reader), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.now_open -= 1
            writer.close()
            # Otherwise asyncio logs a reset as an exception that was never retrieved.
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> Post:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"(?i)content-length: (\d+)", head)
        assert length
        body = await reader.readexactly(int(length[1]))
        connection_id = unquote(head.split(" ")[1].rpartition("/")[2])
        self.posts[connection_id] += 1
        return Post(connection_id, self.posts[connection_id], head, body)


def say(data: bytes, *, then: Callable[[asyncio.StreamWriter], None] | None = None) -> Reply:
    """Return a reply that sends these bytes and then acts on the connection."""

    async def reply(_post: Post, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        if then is not None:
            then(writer)

    return reply


def reset(writer: asyncio.StreamWriter) -> None:
    """Reset the connection instead of closing it."""
    writer.transport.abort()


async def hang(_post: Post, _writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.Event().wait()


@asynccontextmanager
async def rogue_endpoint(tls: ssl.SSLContext | None = None) -> AsyncIterator[RogueEndpoint]:
    """Serve an endpoint on loopback."""
    endpoint = RogueEndpoint()
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(endpoint.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    scheme = "https" if tls else "http"
    endpoint.url = f"{scheme}://localhost:{server.sockets[0].getsockname()[1]}/dev"
    try:
        yield endpoint
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
