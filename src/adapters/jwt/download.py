"""The document at a URL, such as an issuer's key set."""

import asyncio
import socket
from contextlib import suppress
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 3.0
"""For the whole download, from the DNS lookup to the last byte. A handshake waits for it, and the function of the
authorizer has ten seconds."""
MAX_BYTES = 256 * 1024

_THIS_MACHINE = {"127.0.0.1", "::1", "localhost"}


async def download(url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> bytes:
    """Return the document. Uses no proxy and follows no redirect.

    Args:
        url: the URL of the document.
        timeout_seconds: how long the whole download may take, even if bytes keep arriving.

    Raises:
        ValueError: the URL is not HTTPS (plain HTTP is allowed to this machine), or the document is too large.
        OSError: no response came in time, or its status is not 200.

    """
    fetch = _Fetch(url, timeout_seconds)
    try:
        async with asyncio.timeout(timeout_seconds):
            # http.client blocks.
            return await asyncio.to_thread(fetch.run)
    except TimeoutError as exc:
        raise TimeoutError(f"no answer from {url} within {timeout_seconds:g} s") from exc
    finally:
        fetch.give_up()


class _Fetch:
    """One request: a thread makes it, and another thread may abort it."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        # Imported late: a cold start with a shared secret does not need it.
        from http.client import HTTPConnection, HTTPSConnection  # noqa: PLC0415

        parts = urlsplit(url)
        if parts.hostname is None or not (parts.scheme == "https" or parts.hostname in _THIS_MACHINE):
            raise ValueError(f"not an HTTPS URL: {url}")
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        # The library's time-out is for each single read: a server that sends byte by byte never exceeds it.
        self._connection = kind(parts.hostname, parts.port, timeout=timeout_seconds)
        self._url = url
        self._target = f"{parts.path or '/'}?{parts.query}".removesuffix("?")
        self._socket: socket.socket | None = None
        self._is_given_up = False

    def run(self) -> bytes:
        """Return the document; raises the exceptions of `download`."""
        from http.client import HTTPException  # noqa: PLC0415

        try:
            self._connection.connect()
            # The library drops its reference if the server closes the connection.
            self._socket = self._connection.sock
            if self._is_given_up:
                raise TimeoutError
            self._connection.request("GET", self._target)
            response = self._connection.getresponse()
            document = response.read(MAX_BYTES + 1)
        except HTTPException as exc:
            raise OSError(f"no answer from {self._url}: {exc!r}") from exc
        finally:
            self._connection.close()
        if response.status != 200:
            raise OSError(f"status {response.status} from {self._url}")
        if len(document) > MAX_BYTES:
            raise ValueError(f"over {MAX_BYTES} bytes at {self._url}")
        return document

    def give_up(self) -> None:
        """End a thread that still runs. A thread cannot be cancelled, but its reads can fail."""
        self._is_given_up = True
        if self._socket is not None:
            # Not the shutdown of TLS, which would free the session while the thread reads. It may be closed by now.
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
