"""The document at a URL, such as an issuer's key set."""

import asyncio
import socket
from contextlib import suppress
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 3.0
"""For all of it, from the name's address to the last byte: a handshake waits, and its function has ten seconds."""
MAX_BYTES = 256 * 1024

_THIS_MACHINE = {"127.0.0.1", "::1", "localhost"}


async def download(url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> bytes:
    """Return the document; a proxy is not used, and a redirection is not followed.

    Args:
        url: where it is.
        timeout_seconds: how long all of it may take, however slowly its bytes come.

    Raises:
        ValueError: the URL is not HTTPS (HTTP is good enough on this machine), or the document is too large.
        OSError: there is no answer in time, or one that is not 200.

    """
    fetch = _Fetch(url, timeout_seconds)
    try:
        async with asyncio.timeout(timeout_seconds):
            # The library blocks.
            return await asyncio.to_thread(fetch.run)
    except TimeoutError as exc:
        raise TimeoutError(f"no answer from {url} within {timeout_seconds:g} s") from exc
    finally:
        fetch.give_up()


class _Fetch:
    """One request, which a thread makes and another may give up."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        # A cold start that finds its keys elsewhere need not load it.
        from http.client import HTTPConnection, HTTPSConnection  # noqa: PLC0415

        parts = urlsplit(url)
        if parts.hostname is None or not (parts.scheme == "https" or parts.hostname in _THIS_MACHINE):
            raise ValueError(f"not an HTTPS URL: {url}")
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        # The library's time is for each single read, which a server that drips never exceeds.
        self._connection = kind(parts.hostname, parts.port, timeout=timeout_seconds)
        self._url = url
        self._target = f"{parts.path or '/'}?{parts.query}".removesuffix("?")
        self._socket: socket.socket | None = None
        self._is_given_up = False

    def run(self) -> bytes:
        """Return the document; raises what `download` does."""
        from http.client import HTTPException  # noqa: PLC0415

        try:
            self._connection.connect()
            # The library forgets its own where the server is to close the connection.
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
        """Have a thread that is still at it come to its end: a thread cannot be cancelled, but its reads can."""
        self._is_given_up = True
        if self._socket is not None:
            # Not TLS's own method, which takes the session from under the thread that reads. It may be closed by now.
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
