"""A connected socket, read and written from the event loop's callbacks.

Without asyncio's transports: on its own loop their TLS layer alone takes more time than a whole delivery takes here.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final

from aws_client.errors import ConnectionFailed, ResponseMalformed, TransportError
from aws_client.poller import Poller

READ_SIZE: Final = 16 * 1024
"""What a TLS record holds (RFC 8446, section 5.1), so that none is left decrypted but unread, of which a selector would
not tell. For more, memory is asked of the system at each read."""

_NOT_YET: Final = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class SocketTransport:
    """A socket that does not block, with what it could not take yet."""

    def __init__(
        self,
        sock: socket.socket,
        *,
        poller: Poller,
        on_readable: Callable[[], None],
        on_written: Callable[[], None],
        on_broken: Callable[[ConnectionFailed], None],
    ) -> None:
        """Take the socket over.

        Args:
            sock: connected, and does not block.
            poller: tells when it can be read.
            on_readable: called when there is something to read, or the connection broke.
            on_written: called when what `write` left is sent.
            on_broken: called if writing fails later than in `write`.

        """
        self._sock = sock
        self._recv: Callable[[int], bytes] = sock.recv
        self._send: Callable[[bytes | memoryview], int] = sock.send
        if isinstance(sock, ssl.SSLSocket):
            # What `read` and `write` call after their checks, where Python has it: 4 % of a delivery over HTTP/1.1.
            bare: Any = getattr(sock, "_sslobj", None) or sock
            self._recv, self._send = bare.read, bare.write
        self._poller = poller
        self._fd = sock.fileno()
        self._unsent: memoryview | None = None
        self._on_written = on_written
        self._on_broken = on_broken
        self.is_open = True
        poller.add(self._fd, on_readable)

    @property
    def is_tls(self) -> bool:
        """Whether it is encrypted."""
        return isinstance(self._sock, ssl.SSLSocket)

    @property
    def tls_session(self) -> ssl.SSLSession | None:
        """What a further connection resumes, which spares it half of the handshake."""
        return self._sock.session if isinstance(self._sock, ssl.SSLSocket) else None

    @property
    def is_writing(self) -> bool:
        """Whether the server has yet to take what was written last."""
        return self._unsent is not None

    def read(self) -> bytes | None:
        """Return what has come; nothing at the connection's end, None where there is nothing yet.

        Raises:
            ConnectionFailed: it broke.

        """
        try:
            return self._recv(READ_SIZE)
        except _NOT_YET:
            return None
        except OSError as exc:
            raise ConnectionFailed(str(exc)) from exc

    def write(self, data: bytes | memoryview) -> None:
        """Send all of it, the rest when the server takes it; not to be called before that.

        Raises:
            ConnectionFailed: it broke.

        """
        try:
            sent = self._send(data)
        except _NOT_YET:
            sent = 0
        except OSError as exc:
            raise ConnectionFailed(str(exc)) from exc
        if sent < len(data):
            self._unsent = memoryview(data)[sent:]
            asyncio.get_running_loop().add_writer(self._fd, self._on_writable)

    def close(self) -> None:
        """Close it."""
        self.is_open = False
        self._poller.remove(self._fd)
        if self._unsent is not None:
            asyncio.get_running_loop().remove_writer(self._fd)
        self._sock.close()

    def _on_writable(self) -> None:
        data, self._unsent = self._unsent, None
        asyncio.get_running_loop().remove_writer(self._fd)
        if data is None:
            return
        try:
            self.write(data)
        except ConnectionFailed as exc:
            self._on_broken(exc)
            return
        if self._unsent is None:
            self._on_written()


def as_transport_error(error: Exception) -> TransportError:
    """Return the error for the requests under way, when reading an answer raised this. The loop logs what is a bug."""
    if isinstance(error, TransportError):
        return error
    asyncio.get_running_loop().call_exception_handler({"message": "reading an answer failed", "exception": error})
    return ResponseMalformed("an answer that could not be read")
