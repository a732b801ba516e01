"""One HTTP/2 connection that carries many requests at once (RFC 9113), driven by the readiness of its socket.

Many requests go out in one write, and many answers come in with one read. That is why it is written by hand: a client
on the library `h2` takes more CPU time than the AWS SDK (docs/performance.md). Features that a client of AWS does not
need are refused: server push, and dynamic tables in responses.
"""

import asyncio
import math
import socket
import ssl
from collections.abc import Callable
from typing import Final

from aws_client import http2_frames as h2
from aws_client.connection import Connection
from aws_client.errors import AnswerLost, ConnectionFailed, ResponseMalformed, TransportError, once_sent
from aws_client.hpack import STATUS_200, RequestEncoder, read_status
from aws_client.http2_flood_guard import FloodGuard
from aws_client.http2_frames import FRAME_SIZE, HEADERS, LAST_STREAM, WHOLE
from aws_client.http2_stream import Http2Response, Stream
from aws_client.poller import Poller
from aws_client.response import BODY_LIMIT
from aws_client.socket_transport import SocketTransport, as_transport_error
from aws_client.source import PendingRequest, Source

STREAMS = 100
"""Concurrent requests if the server sets no limit: RFC 9113 recommends no fewer (section 6.5.2)."""

RECORDS_AT_ONCE: Final = 64
REFILL_SHARE: Final = 4
REFILL_SECONDS: Final = 0.001
"""Free capacity is used when it is a quarter of the whole, or after this time: one write for each request would cost as
much as over HTTP/1.1."""


class Http2Connection(Connection):
    """A connection with a capacity of as many requests as the server allows."""

    def __init__(
        self,
        sock: socket.socket,
        *,
        poller: Poller,
        available: Callable[["Http2Connection"], object],
        lost: Callable[["Http2Connection"], None],
        limit: int = STREAMS,
        ready_by: float = math.inf,
    ) -> None:
        """Start the connection.

        Args:
            sock: connected and non-blocking.
            poller: reports when the socket is readable.
            available: called when there is capacity for more requests.
            lost: called once when the connection has ended.
            limit: the most requests under way at once, even if the server allows more.
            ready_by: when the connection is given up if the server has not sent its settings, on the scale of
                `time.monotonic()`, in seconds.

        """
        self._transport = SocketTransport(
            sock, poller=poller, on_readable=self._on_readable, on_written=self.flush, on_broken=self._end
        )
        self._available = available
        self._lost = lost
        self._encoder = RequestEncoder(tls=self._transport.is_tls)
        self._streams: dict[int, Stream] = {}
        self._next_stream = 1
        self._limit = limit
        self._most_streams = min(STREAMS, limit)
        self._window = self._stream_window = h2.INITIAL_WINDOW_SIZE
        """How many bytes the server accepts on the connection, and on a new stream (RFC 9113, section 6.9)."""
        self._consumed = 0
        self._received = bytearray()
        self._headers: tuple[int, int, bytearray] | None = None
        """The stream, flags and block of a header section that continues in the next frame."""
        self._out: list[bytes] = []
        self._drains = False
        """Whether the connection accepts no further requests and ends after the last answer."""
        self._knows_server = False
        self._ready_by = ready_by
        self.has_answered = self.is_given_up = False
        self._flood_guard = FloodGuard()
        self._refilling: asyncio.TimerHandle | None = None
        self._out.append(h2.greeting())
        self.flush()

    @property
    def is_open(self) -> bool:
        return self._transport.is_open

    @property
    def is_held_back(self) -> bool:
        return self._knows_server and not self._most_streams and not self._drains

    @property
    def is_ready(self) -> bool:
        return self._knows_server

    @property
    def capacity(self) -> int:
        return 0 if self._drains or not self._transport.is_open else self._most_streams

    @property
    def expires(self) -> float:
        if not self._knows_server:
            return self._ready_by
        return min((stream.request.expires for stream in self._streams.values()), default=math.inf)

    @property
    def tls_session(self) -> ssl.SSLSession | None:
        return self._transport.tls_session

    def start(self, request: PendingRequest) -> bool:
        number = self._next_stream
        self._next_stream = number + 2
        if number >= LAST_STREAM - 2:
            self._drains = True
        stream = self._streams[number] = Stream(request, self._stream_window)
        body = request.body
        block = self._encoder.encode(request.path, request.header_block, request.signature)
        length = len(body)
        if len(block) <= FRAME_SIZE and length <= min(FRAME_SIZE, self._window, stream.window):
            self._window -= length
            # The two frames of nearly every request, formatted together.
            self._out.append(
                b"%b\x01\x04%b%b%b\x00\x01%b%b"
                % (
                    len(block).to_bytes(3),
                    number.to_bytes(4),
                    block,
                    length.to_bytes(3),
                    number.to_bytes(4),
                    body,
                )
            )
        else:
            self._out += h2.header_frames(number, block)
            stream.unsent = body
            self._send_bodies()
        return len(self._streams) < self._most_streams and not self._drains

    def flush(self) -> None:
        if self._out and not self._transport.is_writing and self._transport.is_open:
            data = b"".join(self._out)
            self._out.clear()
            try:
                self._transport.write(data)
            except ConnectionFailed as exc:
                self._end(exc)

    def expire(self, now: float) -> None:
        if not self._knows_server and self._ready_by <= now:
            self.close()
            return
        late = [number for number, stream in self._streams.items() if stream.request.expires <= now]
        for number in late:
            self._cancel(number).timed_out()
        if late:
            # If the server leaves one request unanswered, others may follow: no more are sent on this connection.
            self._drain()

    def abandon(self, source: Source) -> None:
        meant = [number for number, stream in self._streams.items() if stream.request.source is source]
        for number in meant:
            self._cancel(number)
        if meant:
            self._refill()

    def close(self) -> None:
        self._end(ConnectionFailed("closed"))

    def _cancel(self, number: int) -> PendingRequest:
        self.is_given_up = True
        self._out.append(h2.frame(h2.RST_STREAM, 0, number, h2.CANCEL))
        return self._streams.pop(number).request

    def _drain(self) -> None:
        self._drains = True
        if self._streams:
            self.flush()
        else:
            self._end(ConnectionFailed("drained"))

    def _on_readable(self) -> None:
        under_way = len(self._streams)
        error = self._read()
        if len(self._streams) < under_way:
            self.has_answered = True
            self._flood_guard.reset()
        if error is not None:
            self._end(error)
            return
        free = self._most_streams - len(self._streams)
        if self._drains or free * REFILL_SHARE >= self._most_streams or not self._streams:
            self._refill()
        elif self._refilling is None:
            self._refilling = asyncio.get_running_loop().call_later(REFILL_SECONDS, self._refill)

    def _read(self) -> TransportError | None:
        """Read everything that has arrived. Return an error if nothing more can be read."""
        try:
            # A read returns at most one TLS record, and each answer tends to have its own.
            for _ in range(RECORDS_AT_ONCE):
                data = self._transport.read()
                if data is None:
                    return None
                if not data:
                    return ConnectionFailed("closed by the server")
                self._take(data)
        except Exception as exc:  # noqa: BLE001 - raised further, it would leave the requests waiting
            return as_transport_error(exc)
        return None

    def _refill(self) -> None:
        """Use the free capacity: get requests for it and send them in one write."""
        if self._refilling is not None:
            self._refilling.cancel()
            self._refilling = None
        if not self._transport.is_open:
            return
        if self._drains:
            self._drain()
        elif len(self._streams) < self._most_streams and self._knows_server:
            self._available(self)
        self.flush()

    def _take(self, data: bytes) -> None:
        """Handle every complete frame."""
        if self._received:
            self._received += data
            data = bytes(self._received)
            self._received.clear()
        at, end = 0, len(data)
        while end - at >= 9:
            length = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
            if length > FRAME_SIZE:
                raise ResponseMalformed("a frame larger than agreed")
            after = at + 9 + length
            if after > end:
                break
            number = int.from_bytes(data[at + 5 : at + 9]) & LAST_STREAM
            kind, flags, payload = data[at + 3], data[at + 4], data[at + 9 : after]
            # Nearly every answer is this one frame: status 200 and no body.
            if flags == WHOLE and kind == HEADERS and payload.startswith(STATUS_200) and self._is_simple(number):
                self._streams.pop(number).request.answered(Http2Response(200, payload, b""))
            else:
                self._on_frame(kind, flags, number, payload)
            at = after
        if at < end:
            self._received += data[at:]

    def _is_simple(self, number: int) -> bool:
        """Return whether the stream's request was sent in full, and nothing of its answer has arrived."""
        stream = self._streams.get(number)
        return stream is not None and stream.block is None and not stream.unsent and self._headers is None

    def _on_frame(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        if self._headers is not None and kind != h2.CONTINUATION:
            raise ResponseMalformed("a header section that is interrupted")
        self._flood_guard.count_frame()
        if kind == HEADERS:
            self._on_headers(flags, number, h2.unpadded(flags, payload, priority=bool(flags & h2.PRIORITY)))
        elif kind == h2.DATA:
            self._on_data(flags, number, payload)
        elif kind == h2.CONTINUATION:
            self._on_continuation(flags, number, payload)
        elif kind == h2.SETTINGS:
            self._on_settings(flags, payload)
        elif kind == h2.WINDOW_UPDATE:
            self._on_window_update(number, payload)
        elif kind == h2.PING and not flags & h2.ACK:
            self._reply(h2.frame(h2.PING, h2.ACK, 0, payload))
        elif kind == h2.RST_STREAM:
            stream = self._streams.pop(number, None)
            if stream is not None:
                end = ConnectionFailed if payload == h2.REFUSED else AnswerLost
                stream.request.failed(end("the server reset the request"))
        elif kind == h2.GOAWAY:
            self._on_goaway(payload)
        elif kind == h2.PUSH_PROMISE:
            raise ResponseMalformed("a push, although pushes are disabled")

    def _reply(self, answer: bytes) -> None:
        self._flood_guard.check_unread(len(self._out) if self._transport.is_writing else 0)
        self._out.append(answer)

    def _on_headers(self, flags: int, number: int, block: bytes) -> None:
        if not flags & h2.END_HEADERS:
            self._headers = number, flags, bytearray(block)
            return
        stream = self._streams.get(number)
        if stream is None:
            # The request was cancelled meanwhile.
            return
        if stream.block is None and read_status(block) >= 200:
            stream.block = block
        # A later header section holds trailers, which are of no use here.
        if flags & h2.END_STREAM:
            self._answered(number, stream)

    def _on_continuation(self, flags: int, number: int, payload: bytes) -> None:
        if self._headers is None or self._headers[0] != number:
            raise ResponseMalformed("a CONTINUATION frame without a header section")
        _, first_flags, block = self._headers
        block += payload
        if len(block) > 4 * FRAME_SIZE:
            raise ResponseMalformed("a header section without end")
        if flags & h2.END_HEADERS:
            self._headers = None
            self._on_headers(first_flags | h2.END_HEADERS, number, bytes(block))

    def _on_data(self, flags: int, number: int, payload: bytes) -> None:
        self._consumed += len(payload)
        if self._consumed > h2.LARGEST_WINDOW // 2:
            self._out.append(h2.window_update(self._consumed))
            self._consumed = 0
        stream = self._streams.get(number)
        if stream is None:
            return
        content = h2.unpadded(flags, payload)
        if content:
            self._flood_guard.reset()
        if stream.body is None:
            stream.body = bytearray()
        stream.body += content
        stream.size += len(payload)
        if stream.size > BODY_LIMIT:
            raise ResponseMalformed("a body without end")
        if flags & h2.END_STREAM:
            self._answered(number, stream)

    def _answered(self, number: int, stream: Stream) -> None:
        if stream.block is None:
            raise ResponseMalformed("an answer without a status")
        status = read_status(stream.block)
        del self._streams[number]
        if stream.unsent:
            self._out.append(h2.frame(h2.RST_STREAM, 0, number, h2.CANCEL))
        stream.request.answered(Http2Response(status, stream.block, bytes(stream.body or b"")))

    def _on_settings(self, flags: int, payload: bytes) -> None:
        if flags & h2.ACK:
            return
        self._knows_server = True
        window = self._stream_window
        for identifier, value in h2.read_settings(payload):
            if identifier == h2.MAX_STREAMS:
                self._most_streams = min(value, self._limit)
            elif identifier == h2.HEADER_TABLE_SIZE:
                self._encoder.limit_table(value)
            elif identifier == h2.INITIAL_WINDOW:
                window = value
        if window != self._stream_window:
            for stream in self._streams.values():
                stream.window += window - self._stream_window
            self._stream_window = window
        self._reply(h2.frame(h2.SETTINGS, h2.ACK, 0, b""))
        self._send_bodies()

    def _on_window_update(self, number: int, payload: bytes) -> None:
        increment = int.from_bytes(payload) & h2.LARGEST_WINDOW
        self._flood_guard.credit_window(increment if self._streams else 0)
        stream = self._streams.get(number)
        if number == 0:
            self._window += increment
        elif stream is not None:
            stream.window += increment
        self._send_bodies()

    def _send_bodies(self) -> None:
        """Send what the server now allows of bodies that were larger than its windows or than one frame."""
        if self._window <= 0:
            return
        for number, stream in self._streams.items():
            while stream.unsent and (size := min(len(stream.unsent), self._window, stream.window, FRAME_SIZE)) > 0:
                part = stream.take(size)
                self._window -= size
                self._out.append(h2.frame(h2.DATA, 0 if stream.unsent else h2.END_STREAM, number, part))

    def _on_goaway(self, payload: bytes) -> None:
        """Fail the requests that the server has not acted on, and await the others (RFC 9113, section 6.8)."""
        last = int.from_bytes(payload[:4]) & LAST_STREAM
        self._drains = True
        for number in [number for number in self._streams if number > last]:
            self._streams.pop(number).request.failed(ConnectionFailed("the server goes away"))

    def _end(self, error: TransportError) -> None:
        if not self._transport.is_open:
            return
        self._transport.close()
        streams = list(self._streams.values())
        self._streams.clear()
        for stream in streams:
            stream.request.failed(once_sent(error))
        self._lost(self)
