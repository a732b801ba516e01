"""A small HTTP/1.1 server for loopback: httptools parses, asyncio moves the bytes, a handler answers.

A handler that knows its answer at once may return it instead of an awaitable. It then costs no task, which is most of
the price of a request: deliveries to connections come in thousands per second.
"""

import asyncio
import json
import logging
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple, cast

import httptools

MAX_HEAD = 64 * 1024
"""Bytes of request line and headers together; over it, 431."""
MAX_BODY = 10 * 1024 * 1024
"""Bytes of a request's body; over it, 413."""
LINGER_SECONDS = 2.0
"""How long a client that was refused may go on sending. Closing sooner would reset the connection, and a reset can
destroy the answer before the client has read it (RFC 9112, 9.6)."""

_LOGGER = logging.getLogger(__name__)


class Request(NamedTuple):
    """One request, whole. Nothing in it is decoded beyond latin-1."""

    method: str
    target: str
    """As on the wire, for example `/dev/@connections/abc%3D?x=1`."""
    headers: tuple[tuple[str, str], ...]
    """In the order and the casing they came in."""
    body: bytes
    peer: tuple[str, int]

    @property
    def path(self) -> str:
        """The target before its `?`."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The target after its `?`; empty where there is none."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        """Return the first value of a header, whatever the casing of its name."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer; `serialize` adds `Content-Length`, unless it is there, and `Connection` if the connection ends."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


Handler = Callable[[Request], Response | Awaitable[Response]]
"""Answers a request. Awaiting it is given up where the client goes before the answer."""

Upgrade = Callable[[Request, asyncio.Transport, bytes], None]
"""Takes a transport over for good: gets the request that asked for it and the bytes that followed."""


def message_response(status: int, message: str, *headers: tuple[str, str]) -> Response:
    """Build the answer `{"message": message}`."""
    body = json.dumps({"message": message}, separators=(",", ":")).encode()
    return Response(status=status, body=body, headers=(("Content-Type", "application/json"), *headers))


def serialize(response: Response, *, close: bool = False, head_only: bool = False) -> bytes:
    """Return the bytes of an answer; `head_only` is how HEAD is answered."""
    lines = [_status_line(response.status)]
    lines += [f"{name}: {value}\r\n" for name, value in response.headers]
    if response.status >= 200 and response.status not in _LENGTHLESS and not _tells_length(response):
        lines.append(f"Content-Length: {len(response.body)}\r\n")
    if close:
        lines.append("Connection: close\r\n")
    lines.append("\r\n")
    head = "".join(lines).encode("latin-1", "replace")
    return head if head_only else head + response.body


def _tells_length(response: Response) -> bool:
    return any(name.lower() == "content-length" for name, _ in response.headers)


def _status_line(status: int) -> str:
    return _STATUS_LINES.get(status) or f"HTTP/1.1 {status} \r\n"


_LENGTHLESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
"""RFC 9110, 8.6: the first may not carry Content-Length; in the second it would be that of an answer not made here."""
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}


class HttpProtocol(asyncio.Protocol):
    """One connection: requests are answered one at a time and in order; those that came early wait."""

    def __init__(
        self,
        handler: Handler,
        *,
        upgrade: Upgrade | None = None,
        connections: set["HttpProtocol"] | None = None,
        max_head: int | None = None,
        max_body: int | None = None,
    ) -> None:
        self._handler = handler
        self._max_head = MAX_HEAD if max_head is None else max_head
        self._max_body = MAX_BODY if max_body is None else max_body
        self._upgrade = upgrade
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._parser: httptools.HttpRequestParser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._peer = ("", 0)
        self._answering: asyncio.Task[None] | None = None
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._upgrading: Request | None = None
        self._refused = False
        self._linger: asyncio.TimerHandle | None = None
        self._writable = True
        self.on_message_begin()

    def close(self) -> None:
        """Drop the connection, and give up the answer that is being made."""
        if self._answering is not None:
            self._answering.cancel()
        if self._transport is not None:
            self._transport.abort()

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the transport and who is at its other end."""
        self._transport = cast("asyncio.Transport", transport)
        self._peer = (transport.get_extra_info("peername") or ("", 0))[:2]
        if self._connections is not None:
            self._connections.add(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Give up the answer that is being made: nobody will read it."""
        self._leave()
        if self._answering is not None:
            self._answering.cancel()
        if self._linger is not None:
            self._linger.cancel()

    def data_received(self, data: bytes) -> None:
        """Parse; what is malformed is answered with 400 and the connection ends."""
        if self._refused:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as exc:
            self._hand_over(data[exc.args[0] :])
        except httptools.HttpParserError:
            self._refuse(message_response(400, "Bad Request"))
        else:
            # The parser keeps an unfinished header to itself: the whole of such data counts.
            self._count_head(len(data) if self._in_head else 0)
        self._next()

    def pause_writing(self) -> None:
        """Leave further requests waiting: the client does not read its answers."""
        self._writable = False

    def resume_writing(self) -> None:
        """Go on with the requests that wait."""
        self._writable = True
        self._next()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Start a request."""
        self._url = b""
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._head_size = self._body_size = 0
        self._in_head = True
        self._expects = False

    def on_url(self, url: bytes) -> None:
        """Take a piece of the target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer, which belongs to the body and is dropped."""
        if self._in_head:
            self._headers.append((name.decode("latin-1"), value.decode("latin-1")))
            if len(name) == 6 and name.lower() == b"expect":
                self._expects = value.lower() == b"100-continue"

    def on_headers_complete(self) -> None:
        """Ask for the body where the client waits to be asked (RFC 9110, 10.1.1)."""
        self._in_head = False
        if self._expects and not self._refused and self._transport is not None and not self._busy:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        self._body_size += len(data)
        if self._body_size > self._max_body:
            self._refuse(message_response(413, "Request Entity Too Large"))
        elif not self._refused:
            self._body.append(data)

    def on_message_complete(self) -> None:
        """Let the request be answered, now or after those before it."""
        if self._refused:
            return
        request = Request(
            method=self._parser.get_method().decode("latin-1"),
            target=self._url.decode("latin-1"),
            headers=tuple(self._headers),
            body=b"".join(self._body),
            peer=self._peer,
        )
        if self._parser.should_upgrade():
            self._upgrading = request
        else:
            self._waiting.append((request, not self._parser.should_keep_alive()))

    # Answering.

    @property
    def _busy(self) -> bool:
        return self._answering is not None or bool(self._waiting)

    def _next(self) -> None:
        """Answer what waits, as far as that needs no waiting; read on only where nothing is left."""
        transport = self._transport
        if transport is None:
            return
        while self._waiting and self._answering is None and self._writable and not transport.is_closing():
            self._answer(*self._waiting.popleft())
        if self._waiting:
            transport.pause_reading()
        elif not transport.is_closing() and not transport.is_reading():
            transport.resume_reading()

    def _answer(self, request: Request, close: bool) -> None:
        try:
            answer = self._handler(request)
        except Exception:
            _LOGGER.exception("%s %s", request.method, request.target)
            answer = _failure()
        if isinstance(answer, Response):
            self._write(answer, request, close)
        else:
            self._answering = self._loop.create_task(self._await_answer(answer, request, close))

    async def _await_answer(self, answer: Awaitable[Response], request: Request, close: bool) -> None:
        try:
            response = await answer
        except Exception:
            _LOGGER.exception("%s %s", request.method, request.target)
            response = _failure()
        self._answering = None
        self._write(response, request, close)
        self._next()

    def _write(self, response: Response, request: Request, close: bool) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(serialize(response, close=close, head_only=request.method == "HEAD"))
        if close:
            transport.close()

    # Ends of the conversation.

    def _count_head(self, unfinished: int) -> None:
        self._head_size += unfinished
        if self._head_size > self._max_head:
            self._refuse(message_response(431, "Request Header Fields Too Large"))

    def _hand_over(self, rest: bytes) -> None:
        """Let the gateway have a WebSocket handshake; answer any other upgrade as if it had not been asked for."""
        request, transport = self._upgrading, self._transport
        if request is None or transport is None:
            return
        protocols = [each.strip() for each in (request.header("Upgrade") or "").lower().split(",")]
        if self._upgrade is not None and "websocket" in protocols and not self._busy:
            self._leave()
            self._refused = True
            self._upgrade(request, transport, rest)
            self._transport = None
        elif request.method == "CONNECT" or rest:
            # The parser reads no body after it has seen an upgrade.
            self._refuse(message_response(400, "Bad Request"))
        else:
            self._waiting.append((request, True))

    def _refuse(self, response: Response) -> None:
        """Answer, and take nothing more from this client."""
        transport = self._transport
        if self._refused or transport is None or transport.is_closing():
            return
        self._refused = True
        self._waiting.clear()
        if self._answering is not None:
            # An answer of this kind in the place of another's would be taken for it.
            transport.abort()
            return
        transport.write(serialize(response, close=True))
        transport.write_eof()
        self._linger = self._loop.call_later(LINGER_SECONDS, transport.abort)

    def _leave(self) -> None:
        if self._connections is not None:
            self._connections.discard(self)


def _failure() -> Response:
    return message_response(500, "Internal server error")


class HttpServer:
    """A listening server together with its connections."""

    def __init__(self, server: asyncio.Server, connections: set[HttpProtocol]) -> None:
        self._server = server
        self._connections = connections

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The listening sockets."""
        return tuple(self._server.sockets)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return cast("int", self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Stop listening and drop every connection, idle or not. Transports that were taken over are left alone."""
        self._server.close()
        for connection in tuple(self._connections):
            connection.close()

    async def wait_closed(self) -> None:
        """Wait until the dropped connections are closed, which asyncio does in the next turn of its loop."""
        await asyncio.sleep(0)


async def serve(handler: Handler, *, host: str = "127.0.0.1", port: int, upgrade: Upgrade | None = None) -> HttpServer:
    """Listen on `host` and `port` (0: any free one) until the server is closed.

    Args:
        handler: Answers the requests.
        host: The address to listen on.
        port: The port to listen on.
        upgrade: Takes over the transports of WebSocket handshakes; without it they are answered by the handler.

    Raises:
        OSError: The address is in use, or not this machine's.

    """
    connections: set[HttpProtocol] = set()

    def protocol() -> HttpProtocol:
        return HttpProtocol(handler, upgrade=upgrade, connections=connections)

    server = await asyncio.get_running_loop().create_server(protocol, host, port)
    return HttpServer(server, connections)


__all__ = ["Handler", "HttpProtocol", "HttpServer", "Request", "Response", "Upgrade", "message_response", "serialize",
           "serve"]  # fmt: skip
