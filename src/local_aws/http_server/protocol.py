"""A connection of the HTTP/1.1 server for loopback: httptools parses, asyncio moves the bytes, a handler answers.

A handler that knows its answer at once may return it instead of an awaitable. It then costs no task, which is most of
the price of a request: deliveries to connections come in thousands per second.
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
"""How long a client may take for a request's head, and from connecting to its first request."""
MAX_BODY = 10 * 1024 * 1024
"""Bytes of a request's body; over it, 413."""
LINGER_SECONDS = 2.0
"""How long a client that was refused may go on sending. Closing sooner would reset the connection, and a reset can
destroy the answer before the client has read it (RFC 9112, 9.6)."""

TOO_LARGE = message_response(413, "Request Entity Too Large")
_LONG_HEAD = message_response(431, "Request Header Fields Too Large")
_REQUEST_LINE_REST = len("GET  HTTP/1.1\r\n")
_HEADER_REST = len(": \r\n")
_LENGTH_DIGITS = 19

_LOGGER = logging.getLogger(__name__)
_tell = DedupLog(_LOGGER.warning)


Handler = Callable[[Request], Response | Awaitable[Response]]
"""Answers a request. Awaiting it is given up where the client goes before the answer."""

Upgrade = Callable[[Request, asyncio.Transport, bytes], None]
"""Takes a transport over for good: gets the request that asked for it and the bytes that followed."""


class HttpProtocol(asyncio.Protocol):
    """One connection: requests are answered one at a time and in order; those that came early wait."""

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
        """Make the protocol of a connection.

        Args:
            handler: answers the requests.
            upgrade: takes over the transports of WebSocket handshakes.
            connections: where the connection stands while it is open.
            visitors: whose `hosts` are answered besides loopback's names.
            max_head: bytes of a request line and headers.
            max_body: bytes of a body.
            too_large: the answer to a larger body.

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
        self._await_head()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Give up the answer that is being made: nobody will read it."""
        self._leave()
        if self._answering is not None:
            self._answering.cancel()
        for timer in (self._linger, self._head_timer):
            if timer is not None:
                timer.cancel()
        # The parser and this refer to each other, and what they hold may be large.
        self._body.clear()
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        """Parse; what is malformed is answered with 400 and the connection ends."""
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
            self._look_after_head(len(data))
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
        self._head_size = _REQUEST_LINE_REST
        self._body_size = 0
        self._in_head = True
        self._expects = False
        self._hosts: list[str] = []
        self._length = 0
        self._progress = True

    def on_url(self, url: bytes) -> None:
        """Take a piece of the target."""
        self._url += url
        self._head_size += len(url)
        self._progress = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer, which belongs to the body and is dropped."""
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
        """Ask for the body where the client waits to be asked (RFC 9110, 10.1.1)."""
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
        """Take a piece of the body."""
        self._body_size += len(data)
        if self._body_size > self._max_body:
            self._refuse(self._too_large)
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

    def _misaddressed(self) -> Response | None:
        """Return the answer to a request that names another host than this one, or none (RFC 9112, section 3.2)."""
        version = self._parser.get_http_version()
        if len(self._hosts) != 1:
            is_old = version == "1.0" and not self._hosts
            return None if is_old else message_response(400, "Bad Request")
        name = host_of(self._hosts[0])
        if is_loopback(name) or name in self._visitors.hosts:
            return None
        _tell(f"A request for the host {name[:100]!a} was refused; --allow-host adds names of the API and of the page")
        return message_response(403, "Forbidden: the host is not one of this server's")

    def _look_after_head(self, received: int) -> None:
        """Bound what is unfinished, in bytes and in seconds."""
        if not self._in_head:
            return
        if not self._progress:
            # All of it belongs to one header, which the parser keeps to itself until it is whole.
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
