"""One HTTP/1.1 connection that carries one request at a time, driven by the readiness of its socket.

The socket is read and written here, in the event loop's callbacks, without asyncio's transports: on its own loop their
TLS layer alone takes more time than a whole delivery takes here.
"""

import asyncio
import math
import socket
import ssl
from collections.abc import Callable

from adapters.aws.errors import ConnectionFailed, ResponseMalformed
from adapters.aws.exchange import Exchange
from adapters.aws.poller import Poller
from adapters.aws.response import Response, ResponseReader, read_whole

READ_SIZE = 64 * 1024
"""More than a TLS record holds (16 KB, RFC 8446, section 5.1), so that none is left decrypted but unread, of which a
selector would not tell."""


_NOT_YET = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Http1Connection:
    """An open connection; `available` is called when it can take a request, `lost` once when it has ended."""

    def __init__(
        self,
        sock: socket.socket,
        *,
        poller: Poller,
        available: Callable[["Http1Connection"], None],
        lost: Callable[["Http1Connection"], None],
    ) -> None:
        self._sock = sock
        # `read` and `write` of a TLS socket do what `recv` and `send` do, with a layer less.
        self._recv: Callable[[int], bytes] = sock.read if isinstance(sock, ssl.SSLSocket) else sock.recv
        self._send: Callable[[bytes | memoryview], int] = sock.write if isinstance(sock, ssl.SSLSocket) else sock.send
        self._poller = poller
        self._fd = sock.fileno()
        self._available = available
        self._lost = lost
        self._exchange: Exchange | None = None
        self._reader: ResponseReader | None = None
        self._unsent: memoryview | None = None
        self._closed = False
        poller.add(self._fd, self._on_readable)

    @property
    def is_ready(self) -> bool:
        """Whether it can be used at once: always."""
        return True

    @property
    def places(self) -> int:
        """How many requests it carries at once."""
        return 1

    @property
    def expires(self) -> float:
        """When the request under way has taken too long, on the scale of `time.monotonic()`; never without one."""
        return math.inf if self._exchange is None else self._exchange.expires

    @property
    def tls_session(self) -> ssl.SSLSession | None:
        """What a further connection resumes, which spares it half of the handshake."""
        return self._sock.session if isinstance(self._sock, ssl.SSLSocket) else None

    def check(self) -> None:
        """Find out whether the server has closed an idle connection, before the selector would tell."""
        if self._exchange is None and not self._closed:
            self._on_readable()

    def start(self, exchange: Exchange) -> bool:
        """Send a request, on a connection that is available; return whether it can take another beside it: no."""
        self._exchange = exchange
        heading = exchange.heading
        self._write(
            b"POST %b HTTP/1.1\r\n%b%b\r\n\r\n%b" % (exchange.path, heading.lines, exchange.signature, exchange.body)
        )
        return False

    def flush(self) -> None:
        """Send what `start` kept back: nothing, here."""

    def expire(self, now: float) -> None:
        """Give up the request under way if its time is over, and the connection with it."""
        exchange = self._exchange
        if exchange is not None and exchange.expires <= now:
            self._exchange = None
            self.close()
            exchange.timed_out()

    def abandon(self, is_meant: Callable[[Exchange], bool]) -> None:
        """Give up the request under way if it is meant: nobody waits for its outcome any more."""
        if self._exchange is not None and is_meant(self._exchange):
            self._exchange = None
            self.close()

    def close(self) -> None:
        """End the connection; a request under way fails."""
        self._end(ConnectionFailed("closed"))

    def _write(self, data: bytes | memoryview) -> None:
        try:
            sent = self._send(data)
        except _NOT_YET:
            sent = 0
        except OSError as exc:
            self._end(ConnectionFailed(str(exc)))
            return
        if sent < len(data):
            self._unsent = memoryview(data)[sent:]
            asyncio.get_running_loop().add_writer(self._fd, self._on_writable)

    def _on_writable(self) -> None:
        data, self._unsent = self._unsent, None
        asyncio.get_running_loop().remove_writer(self._fd)
        if data:
            self._write(data)

    def _on_readable(self) -> None:
        try:
            data = self._recv(READ_SIZE)
        except _NOT_YET:
            return
        except OSError as exc:
            self._end(ConnectionFailed(str(exc)))
            return
        exchange = self._exchange
        if exchange is not None and self._reader is None and (response := read_whole(data)) and self._unsent is None:
            self._exchange = None
            exchange.answered(response)
            self._available(self)
        else:
            self._on_data(data)

    def _on_data(self, data: bytes) -> None:
        """Take what is not a usual and whole response."""
        try:
            response = self._read(data) if data else self._read_end()
        except (ConnectionFailed, ResponseMalformed) as exc:
            self._end(exc)
            return
        if response is None:
            return
        exchange, self._exchange, self._reader = self._exchange, None, None
        if not response.keeps_alive:
            self.close()
        if exchange is not None:
            exchange.answered(response)
        if not self._closed:
            self._available(self)

    def _read(self, data: bytes) -> Response | None:
        if self._exchange is None or self._unsent is not None:
            raise ResponseMalformed("an answer that nobody asked for")
        if self._reader is None:
            self._reader = ResponseReader()
        return self._reader.feed(data)

    def _read_end(self) -> Response:
        response = self._reader.end() if self._reader is not None and self._exchange is not None else None
        if response is None:
            raise ConnectionFailed("closed by the server")
        return response

    def _end(self, error: ConnectionFailed | ResponseMalformed) -> None:
        if self._closed:
            return
        self._closed = True
        self._poller.remove(self._fd)
        if self._unsent is not None:
            asyncio.get_running_loop().remove_writer(self._fd)
        self._sock.close()
        exchange, self._exchange = self._exchange, None
        # In this order: whatever the exchange starts next must not meet this connection.
        self._lost(self)
        if exchange is not None:
            exchange.failed(error)
