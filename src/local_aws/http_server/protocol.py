"""A connection of the HTTP/1.1 server for loopback: httptools parses, a handler responds.

A handler may return a response instead of an awaitable. It then needs no task, which is most of the cost of a request:
there are thousands of posts to connections per second.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import cast

import httptools

from local_aws.http_server.messages import Request, Response, message_response, serialize
from local_aws.http_server.visitors import NOBODY_ELSE, Visitors, host_of, is_loopback
from local_aws.log_dedup import DedupLog

MAX_HEAD = 64 * 1024
"""Bytes of request line and headers together; over it, 431."""
HEAD_SECONDS = 30.0
"""Timeout for the head of a request, and from connecting to the first request."""
MAX_BODY = 10 * 1024 * 1024
"""Bytes of a request's body; over it, 413."""
LINGER_SECONDS = 2.0
"""How long a rejected client may continue to send. Closing earlier would reset the connection, and a reset can destroy
the response before the client has read it (RFC 9112, section 9.6)."""

TOO_LARGE = message_response(413, "Request Entity Too Large")
_LONG_HEAD = message_response(431, "Request Header Fields Too Large")
_REQUEST_LINE_REST = len("GET  HTTP/1.1\r\n")
_HEADER_REST = len(": \r\n")
_LENGTH_DIGITS = 19

_LOGGER = logging.getLogger(__name__)
_warn = DedupLog(_LOGGER.warning)


Handler = Callable[[Request], Response | Awaitable[Response]]
"""Returns the response to a request. The awaitable is cancelled if the client disconnects before the response."""

Upgrade = Callable[[Request, asyncio.Transport, bytes], None]
"""Takes over a transport permanently. It receives the request and the bytes that followed it."""


class HttpProtocol(asyncio.Protocol):
    """One connection. Requests are processed one at a time and in order; pipelined requests wait."""

    def __init__(
        self,
        handler: Handler,
        *,
        upgrade: Upgrade | None = None,
        connections: set["HttpProtocol"] | None = None,
        visitors: Visitors = NOBODY_ELSE,
        max_head: int | None = None,
        max_body: int | None = None,
        too_large: Response = TOO_LARGE,
    ) -> None:
        """Create the protocol of a connection.

        Args:
            handler: Returns the responses.
            upgrade: Takes over the transports of WebSocket handshakes.
            connections: The set that has the connection while it is open.
            visitors: Its `hosts` are accepted besides loopback's names.
            max_head: Bytes of a request line and headers.
            max_body: Bytes of a body.
            too_large: The response to a larger body.

        """
        self._handler = handler
        self._visitors = visitors
        self._too_large = too_large
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
        self._head_timer: asyncio.TimerHandle | None = None
        self.on_message_begin()

    def close(self) -> None:
        """Drop the connection and cancel the handler."""
        if self._answering is not None:
            self._answering.cancel()
        if self._transport is not None:
            self._transport.abort()

    # Called by the transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport and the address of the client."""
        self._transport = cast("asyncio.Transport", transport)
        self._peer = (transport.get_extra_info("peername") or ("", 0))[:2]
        if self._connections is not None:
            self._connections.add(self)
        self._await_head()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Cancel the handler: the client cannot receive the response."""
        self._leave()
        if self._answering is not None:
            self._answering.cancel()
        for timer in (self._linger, self._head_timer):
            if timer is not None:
                timer.cancel()
        # The parser and this object refer to each other, and their buffers may be large.
        self._body.clear()
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        """Parse bytes; a malformed request ends the connection with 400."""
        if self._refused:
            return
        self._progress = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as exc:
            self._hand_over(data[exc.args[0] :])
        except httptools.HttpParserError:
            self._refuse(message_response(400, "Bad Request"))
        else:
            self._check_head(len(data))
        self._next()

    def pause_writing(self) -> None:
        """Pause processing: the client does not read its responses."""
        self._writable = False

    def resume_writing(self) -> None:
        """Resume processing."""
        self._writable = True
        self._next()

    # Called by the parser.

    def on_message_begin(self) -> None:
        """Start a request."""
        self._url = b""
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._head_size = _REQUEST_LINE_REST
        self._body_size = 0
        self._in_head = True
        self._expects = False
        self._hosts: list[str] = []
        self._length = 0
        self._progress = True

    def on_url(self, url: bytes) -> None:
        """Append a piece of the target."""
        self._url += url
        self._head_size += len(url)
        self._progress = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Append a header; a trailer belongs to the body and is dropped."""
        if not self._in_head:
            return
        self._head_size += len(name) + len(value) + _HEADER_REST
        self._progress = True
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))
        if len(name) == 4 and name.lower() == b"host":
            self._hosts.append(value.decode("latin-1"))
        elif len(name) == 6 and name.lower() == b"expect":
            self._expects = value.lower() == b"100-continue"
        elif len(name) == 14 and name.lower() == b"content-length" and value.isdigit():
            self._length = int(value) if len(value) < _LENGTH_DIGITS else self._max_body + 1

    def on_headers_complete(self) -> None:
        """Check the head; request the body if the client waits for 100 (RFC 9110, section 10.1.1)."""
        self._in_head = False
        self._end_head_timer()
        if self._head_size > self._max_head:
            self._refuse(_LONG_HEAD)
        elif refusal := self._misaddressed():
            self._refuse(refusal)
        elif self._length > self._max_body:
            self._refuse(self._too_large)
        if self._expects and not self._refused and self._transport is not None and not self._busy:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, data: bytes) -> None:
        """Append a piece of the body."""
        self._body_size += len(data)
        if self._body_size > self._max_body:
            self._refuse(self._too_large)
        elif not self._refused:
            self._body.append(data)

    def on_message_complete(self) -> None:
        """Queue the request."""
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

    # Responses.

    @property
    def _busy(self) -> bool:
        return self._answering is not None or bool(self._waiting)

    def _next(self) -> None:
        """Process queued requests until a handler has to be awaited; read on only if the queue is empty."""
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

    # Rejections and the end of the connection.

    def _misaddressed(self) -> Response | None:
        """Return the error response to a request with a wrong or missing `Host` (RFC 9112, section 3.2), else None."""
        version = self._parser.get_http_version()
        if len(self._hosts) != 1:
            is_old = version == "1.0" and not self._hosts
            return None if is_old else message_response(400, "Bad Request")
        name = host_of(self._hosts[0])
        if is_loopback(name) or name in self._visitors.hosts:
            return None
        _warn(f"Rejected a request for the host {name[:100]!a}; --allow-host adds names of the API and of the page")
        return message_response(403, "Forbidden: this server does not have this host name")

    def _check_head(self, received: int) -> None:
        """Limit an incomplete head in bytes and in time."""
        if not self._in_head:
            return
        if not self._progress:
            # The bytes belong to one header, which the parser reports only once it is complete.
            self._head_size += received
        if self._head_size > self._max_head:
            self._refuse(_LONG_HEAD)
        self._await_head()

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self._loop.call_later(HEAD_SECONDS, self._head_timed_out)

    def _end_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_timed_out(self) -> None:
        self._head_timer = None
        if self._transport is not None and not self._refused:
            self._refuse(message_response(408, "Request Timeout"))

    def _hand_over(self, rest: bytes) -> None:
        """Pass a WebSocket handshake to the gateway; treat a request for any other upgrade as a plain request."""
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
            # The parser reads no body after an upgrade.
            self._refuse(message_response(400, "Bad Request"))
        else:
            self._waiting.append((request, True))

    def _refuse(self, response: Response) -> None:
        """Send an error response, and ignore everything else from this client."""
        transport = self._transport
        if self._refused or transport is None or transport.is_closing():
            return
        self._refused = True
        self._waiting.clear()
        if self._answering is not None:
            # The client would take this response for that of the request in progress.
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
