"""The document at a URL, such as an issuer's key set."""

import asyncio
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 3.0
"""A handshake is waiting."""
MAX_BYTES = 256 * 1024

_THIS_MACHINE = {"127.0.0.1", "::1", "localhost"}


async def download(url: str) -> bytes:
    """Return the document; a proxy is not used, and a redirection is not followed.

    Raises:
        ValueError: the URL is not HTTPS (HTTP is good enough on this machine), or the document is too large.
        OSError: there is no answer in time, or one that is not 200.

    """
    # The library blocks.
    return await asyncio.to_thread(_get, url)


def _get(url: str) -> bytes:
    # A cold start that finds its keys elsewhere need not load it.
    from http.client import HTTPConnection, HTTPException, HTTPSConnection  # noqa: PLC0415

    parts = urlsplit(url)
    if parts.hostname is None or not (parts.scheme == "https" or parts.hostname in _THIS_MACHINE):
        raise ValueError(f"not an HTTPS URL: {url}")
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", f"{parts.path or '/'}?{parts.query}".removesuffix("?"))
        response = connection.getresponse()
        document = response.read(MAX_BYTES + 1)
    except HTTPException as exc:
        raise OSError(f"no answer from {url}: {exc!r}") from exc
    finally:
        connection.close()
    if response.status != 200:
        raise OSError(f"status {response.status} from {url}")
    if len(document) > MAX_BYTES:
        raise ValueError(f"over {MAX_BYTES} bytes at {url}")
    return document
