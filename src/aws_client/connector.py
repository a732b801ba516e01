"""Opening connections: names, sockets, TLS."""

import asyncio
import random
import socket
import ssl
import time
from typing import Any, Final

from aws_client.endpoint import Endpoint
from aws_client.errors import ConnectionFailed

CONNECT_TIMEOUT_SECONDS = 2.0
ADDRESSES_KEPT_SECONDS = 30.0
"""How long a DNS answer is used. AWS's answers live for 60 s or less, and change in order to spread load."""

FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 5.0
PAUSE_GROWTH: Final = 2.0
PAUSE_JITTER: Final = 0.2
"""The shape of gRPC's connection backoff (its document "connection-backoff.md": 1 s, times 1.6, plus or minus 20 %, up
to 120 s), but faster: a function has half a minute."""

_Address = tuple[socket.AddressFamily, Any]


class Connector:
    """Opens connections to one endpoint, to each of its addresses in turn."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._addresses: list[_Address] = []
        self._looked_up = float("-inf")
        self._next = 0

    @property
    def uses_tls(self) -> bool:
        """Whether connections are encrypted; only then can the server choose HTTP/2."""
        return self._endpoint.tls

    async def open(self, session: ssl.SSLSession | None) -> socket.socket:
        """Return a connected, non-blocking socket; for `https` endpoints, one with TLS.

        Args:
            session: the TLS session of an earlier connection, to be resumed; None for a full handshake.

        Raises:
            ConnectionFailed: no address accepted the connection within `CONNECT_TIMEOUT_SECONDS`, or the server's
                certificate could not be verified.

        """
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
                return await self._open_any(session)
        except TimeoutError as exc:
            raise ConnectionFailed("no connection in time") from exc
        except OSError as exc:
            raise ConnectionFailed(str(exc)) from exc

    async def _open_any(self, session: ssl.SSLSession | None) -> socket.socket:
        addresses = await self._resolve()
        for attempt in range(len(addresses)):
            self._next = (self._next + 1) % len(addresses)
            try:
                return await self._open(*addresses[self._next], session)
            except ssl.SSLError:
                raise
            except OSError:
                if attempt == len(addresses) - 1:
                    # The name may have new addresses.
                    self._looked_up = float("-inf")
                    raise
        raise OSError(f"{self._endpoint.host} has no address")

    async def _resolve(self) -> list[_Address]:
        if time.monotonic() - self._looked_up > ADDRESSES_KEPT_SECONDS:
            found = await asyncio.get_running_loop().getaddrinfo(
                self._endpoint.host, self._endpoint.port, type=socket.SOCK_STREAM
            )
            self._addresses = [(family, address) for family, _, _, _, address in found]
            self._looked_up = time.monotonic()
        return self._addresses

    async def _open(self, family: socket.AddressFamily, address: Any, session: ssl.SSLSession | None) -> socket.socket:
        loop = asyncio.get_running_loop()
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(sock, address)
            context = self._endpoint.tls_context
            return sock if context is None else await self._secure(context, sock, session)
        except BaseException:
            sock.close()
            raise

    async def _secure(
        self, context: ssl.SSLContext, plain: socket.socket, session: ssl.SSLSession | None
    ) -> socket.socket:
        sock = context.wrap_socket(
            plain, server_hostname=self._endpoint.host, do_handshake_on_connect=False, session=session
        )
        try:
            while True:
                try:
                    sock.do_handshake()
                    return sock
                except ssl.SSLWantReadError:
                    await _ready(sock.fileno(), "reader")
                except ssl.SSLWantWriteError:
                    await _ready(sock.fileno(), "writer")
        except BaseException:
            sock.close()
            raise


class Backoff:
    """When the next connection may be opened after attempts that failed.

    Times are on the scale of `time.monotonic()`, in seconds.
    """

    def __init__(self) -> None:
        self._pause = 0.0
        self._failed_at = self._counted_at = float("-inf")
        """When the last failure was, and from when on another one prolongs the pause."""
        self.until = float("-inf")
        """When the pause ends."""

    @property
    def is_on(self) -> bool:
        """Whether the last attempt failed."""
        return self._pause > 0

    def failed(self, now: float) -> None:
        """Record a connection that could not be opened or gave no answer; several at once count as one."""
        self._failed_at = now
        if now >= self._counted_at:
            self._pause = min(max(self._pause * PAUSE_GROWTH, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
            self.wait(now)
            self._counted_at = self.until

    def wait(self, now: float) -> None:
        """Start a pause as long as the last one."""
        jitter = random.uniform(1 - PAUSE_JITTER, 1 + PAUSE_JITTER)  # noqa: S311
        self.until = now + self._pause * jitter

    def answered(self, opened: float) -> None:
        """Record that a connection has given an answer, and when that connection was opened.

        A connection older than the last failure proves nothing about new ones: the server may accept no more of them.
        """
        if opened > self._failed_at:
            self._pause, self._counted_at, self.until = 0.0, float("-inf"), float("-inf")


async def _ready(fd: int, what: str) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def tell() -> None:
        if not ready.done():
            ready.set_result(None)

    add, remove = (loop.add_reader, loop.remove_reader) if what == "reader" else (loop.add_writer, loop.remove_writer)
    add(fd, tell)
    try:
        await ready
    finally:
        remove(fd)
