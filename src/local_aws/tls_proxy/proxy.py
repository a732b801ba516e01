"""The HTTP proxy on loopback that functions use (RFC 9110, section 9.3.6, CONNECT).

Tunnels to the stack's APIs end here and are forwarded to the gateways. All others go to their targets, through the
developer's own proxy if there is one. That proxy may receive the developer's credentials, which no other account of
this machine may use: a tunnel requires credentials that only the functions have (RFC 7617, "Basic").
"""

import asyncio
import base64
import secrets
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Self
from urllib.parse import unquote, urlsplit

from local_aws.http_server import Listener
from local_aws.log_dedup import DedupLog
from local_aws.tls_proxy.authority import Authority

HEAD_LIMIT = 16 * 1024
HEAD_SECONDS = 10.0
CONNECT_SECONDS = 10.0
CHUNK = 64 * 1024

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_NO_TUNNEL = b"HTTP/1.1 405 Method Not Allowed\r\nAllow: CONNECT\r\nContent-Length: 0\r\n\r\n"
_NO_LOGIN = (
    b"HTTP/1.1 407 Proxy Authentication Required\r\n"
    b'Proxy-Authenticate: Basic realm="functions of the local stack"\r\n'
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)
_USER = "function"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Interceptor:
    """The proxy, from `start` to `stop`."""

    def __init__(
        self, *, authority: Authority, log: Callable[[str], None], environment: Mapping[str, str] | None = None
    ) -> None:
        """Create a proxy without APIs.

        Args:
            authority: Issues the certificates for the functions.
            log: Called with one line at a time.
            environment: Has the developer's own proxy, for tunnels to other hosts.

        """
        self._authority = authority
        self._log = DedupLog(log)
        self._password = secrets.token_urlsafe()
        self._upstream = _proxy_of(environment or {})
        self._excepted = _names((environment or {}).get("NO_PROXY") or (environment or {}).get("no_proxy") or "")
        self._ports: dict[str, int] = {}
        self._context: ssl.SSLContext | None = None
        self._listener: Listener | None = None
        self._tunnels: set[asyncio.Task[None]] = set()

    async def start(self) -> Self:
        """Listen on loopback."""
        # Clients of the stack must not use up the descriptors for its functions.
        self._listener = Listener(socket.create_server(("127.0.0.1", 0)), self._protocol, keeps_back=False)
        return self

    async def stop(self) -> None:
        """End every tunnel. Can be called again."""
        if self._listener is not None:
            self._listener.close()
        for task in self._tunnels:
            task.cancel()
        await asyncio.gather(*self._tunnels, return_exceptions=True)
        # The loop closes the sockets in its next iteration.
        await asyncio.sleep(0)

    def lead(self, host: str, port: int) -> None:
        """Forward tunnels for a host to a port of this machine that serves HTTP."""
        self._ports[host.lower()] = port
        self._context = None

    def variables(self) -> dict[str, str]:
        """Return the environment variables that make a function's libraries use the proxy and trust the authority."""
        assert self._listener is not None  # noqa: S101  started before the functions are
        url = f"http://{_USER}:{self._password}@127.0.0.1:{self._listener.sock.getsockname()[1]}"
        bundle = str(self._authority.bundle)
        # Requests to this machine go there directly: the embedded AWS, the gateway, the Runtime API.
        near = "127.0.0.1,localhost"
        proxy = {"HTTPS_PROXY": url, "https_proxy": url, "NO_PROXY": near, "no_proxy": near}
        return proxy | dict.fromkeys(("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), bundle)

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(limit=HEAD_LIMIT), self._connected)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tunnels.add(task)
        task.add_done_callback(self._tunnels.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_SECONDS)
            if not secrets.compare_digest(_credentials(head), _basic(_USER, self._password).encode()):
                writer.write(_NO_LOGIN)
                self._log("Rejected a tunnel without the credentials of the functions")
            elif (target := _target(head)) is None:
                writer.write(_NO_TUNNEL)
            else:
                await self._tunnel(*target, reader, writer)
        except (OSError, TimeoutError, EOFError, asyncio.LimitOverrunError, ValueError) as exc:
            self._log(f"The tunnel of a function failed: {type(exc).__name__}: {exc}")
        finally:
            with suppress(OSError, RuntimeError):
                writer.close()

    async def _tunnel(self, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        own = self._ports.get(host) if port == 443 else None
        try:
            there = await asyncio.wait_for(
                asyncio.open_connection("127.0.0.1", own) if own else self._open(host, port), CONNECT_SECONDS
            )
        except (OSError, TimeoutError) as exc:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            self._log(f"A function could not reach {host}:{port}: {exc!r}")
            return
        try:
            writer.write(_ESTABLISHED)
            if own:
                await writer.start_tls(self._tls())
            await _join((reader, writer), there)
        finally:
            there[1].close()

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = self._authority.server_context(sorted(self._ports))
        return self._context

    async def _open(self, host: str, port: int) -> Streams:
        """Open a connection to another host."""
        if self._upstream is None or any(host == name or host.endswith(f".{name}") for name in self._excepted):
            return await asyncio.open_connection(host, port)
        (proxy_host, proxy_port), credentials = self._upstream
        reader, writer = await asyncio.open_connection(proxy_host, proxy_port)
        authorization = f"Proxy-Authorization: Basic {credentials}\r\n" if credentials else ""
        writer.write(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{authorization}\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if head.split(b" ", 2)[1:2] != [b"200"]:
            writer.close()
            raise OSError(f"the proxy {proxy_host} responded {head.splitlines()[0].decode('latin-1')}")
        return reader, writer


def _target(head: bytes) -> tuple[str, int] | None:
    """Return the host and port of a CONNECT request; None for other requests."""
    method, target, _ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
    if method != "CONNECT":
        return None
    host, _, port = target.rpartition(":")
    return host.strip("[]").lower(), int(port)


def _credentials(head: bytes) -> bytes:
    """Return the Basic credentials for a proxy from the head of a request; empty if there are none."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"proxy-authorization":
            scheme, _, credentials = value.strip().partition(b" ")
            return credentials.strip() if scheme.lower() == b"basic" else b""
    return b""


async def _join(one: Streams, other: Streams) -> None:
    """Copy bytes in both directions until both have ended or one has failed."""
    copies = [asyncio.create_task(_copy(one[0], other[1])), asyncio.create_task(_copy(other[0], one[1]))]
    try:
        await asyncio.gather(*copies)
    finally:
        for copy in copies:
            copy.cancel()
        await asyncio.gather(*copies, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, ssl.SSLError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    # TLS has no half-closed state: the end of one direction ends the tunnel on that side.
    with suppress(OSError, RuntimeError):
        writer.close()


def _proxy_of(environment: Mapping[str, str]) -> tuple[tuple[str, int], str] | None:
    """Return the address of the developer's proxy for HTTPS, and its credentials in Basic form."""
    url = urlsplit(environment.get("HTTPS_PROXY") or environment.get("https_proxy") or "")
    if url.scheme != "http" or not url.hostname:
        return None
    credentials = _basic(unquote(url.username), unquote(url.password or "")) if url.username else ""
    return (url.hostname, url.port or 80), credentials


def _basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def _names(value: str) -> list[str]:
    return [name.strip().lstrip(".").lower() for name in value.split(",") if name.strip()]
