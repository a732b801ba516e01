"""A connected socket that is read and written from the event loop's callbacks.

asyncio's transports are not used: on asyncio's own loop, their TLS layer alone takes longer than a whole delivery here
(measured).
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final

from aws_client.errors import ConnectionFailed, ResponseMalformed, TransportError
from aws_client.poller import Poller

READ_SIZE: Final = 16 * 1024
"""The size of the largest TLS record (RFC 8446, section 5.1). A smaller read could leave decrypted data behind, which
no selector reports. For a larger one, Python asks the system for memory at each read."""

_NOT_YET: Final = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class SocketTransport:
    """A non-blocking socket, and the data that it has not accepted yet."""

    def __init__(
        self,
        sock: socket.socket,
        *,
        poller: Poller,
        on_readable: Callable[[], None],
        on_written: Callable[[], None],
        on_broken: Callable[[ConnectionFailed], None],
    ) -> None:
        """Take over the socket.

        Args:
            sock: connected and non-blocking.
            poller: reports when the socket is readable.
            on_readable: called when there is data to read or the connection broke.
            on_written: called when the data that `write` could not send at once is sent.
            on_broken: called if sending that data fails.

        """
        self._sock = sock
        self._recv: Callable[[int], bytes] = sock.recv
        self._send: Callable[[bytes | memoryview], int] = sock.send
        if isinstance(sock, ssl.SSLSocket):
            # The object that `read` and `write` call after their checks, if this Python has it: a measured gain.
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
        """Whether the connection is encrypted."""
        return isinstance(self._sock, ssl.SSLSocket)

    @property
    def tls_session(self) -> ssl.SSLSession | None:
        """The session that a further connection can resume, which saves half of the handshake; None without TLS."""
        return self._sock.session if isinstance(self._sock, ssl.SSLSocket) else None

    @property
    def is_writing(self) -> bool:
        """Whether data of the last `write` is still to be sent."""
        return self._unsent is not None

    def read(self) -> bytes | None:
        """Return the data that has arrived: empty at the end of the connection, None if there is none yet.

        Raises:
            ConnectionFailed: the connection broke.

        """
        try:
            return self._recv(READ_SIZE)
        except _NOT_YET:
            return None
        except OSError as exc:
            raise ConnectionFailed(str(exc)) from exc

    def write(self, data: bytes | memoryview) -> None:
        """Send the data; whatever the socket does not accept now is sent later.

        Must not be called while `is_writing`.

        Raises:
            ConnectionFailed: the connection broke.

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
        """Close the socket."""
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
    """Return the error for the requests under way after reading raised this one. The loop logs it if it is a bug."""
    if isinstance(error, TransportError):
        return error
    asyncio.get_running_loop().call_exception_handler({"message": "reading an answer failed", "exception": error})
    return ResponseMalformed("the answer could not be read")
