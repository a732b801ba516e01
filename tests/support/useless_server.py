"""Useless servers that speak TLS and choose HTTP/2: no client should open connections to them without end.

Each is a kind of trouble that load balancers have: they drain, are overloaded, or hang.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aws_client.http2_frames import GOAWAY, MAX_STREAMS, SETTINGS, frame, setting

Greet = Callable[[asyncio.WriteTransport], None]


def close(transport: asyncio.WriteTransport) -> None:
    """End the connection at once."""
    transport.close()


def go_away(transport: asyncio.WriteTransport) -> None:
    """Start HTTP/2 and accept no request (RFC 9113, section 6.8)."""
    transport.write(frame(SETTINGS, 0, 0, b"") + frame(GOAWAY, 0, 0, bytes(8)))


def allow(streams: int) -> bytes:
    """Return the frame that limits the concurrent requests (RFC 9113, section 6.5.2)."""
    return frame(SETTINGS, 0, 0, setting(MAX_STREAMS, streams))


def hold_back(transport: asyncio.WriteTransport) -> None:
    """Allow no request for the time being."""
    transport.write(allow(0))


def say_nothing(_transport: asyncio.WriteTransport) -> None:
    """Hang."""


KINDS: dict[str, Greet] = {
    "closes": close,
    "goes away": go_away,
    "allows no requests": hold_back,
    "says nothing": say_nothing,
}


@dataclass
class UselessServer:
    """How many connections the server has accepted, and which are open."""

    url: str = ""
    opened: int = 0
    open: set[asyncio.Transport] = field(default_factory=set)


class _Connection(asyncio.Protocol):
    def __init__(self, server: UselessServer, greet: Greet) -> None:
        self._server, self._greet = server, greet

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.opened += 1
        self._server.open.add(transport)
        self._greet(transport)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._server.open.discard(self._transport)


@asynccontextmanager
async def useless_server(tls: ssl.SSLContext, greet: Greet) -> AsyncIterator[UselessServer]:
    """Serve on loopback; the context is set to negotiate HTTP/2."""
    state = UselessServer()
    tls.set_alpn_protocols(["h2"])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(state, greet), "127.0.0.1", 0, ssl=tls)
    state.url = f"https://localhost:{server.sockets[0].getsockname()[1]}"
    try:
        yield state
    finally:
        server.close()
        for each in list(state.open):
            each.abort()
        await asyncio.sleep(0)
