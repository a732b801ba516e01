"""One client's WebSocket connection: frames by the `websockets` library, bytes by asyncio, limits by API Gateway."""

import asyncio
import logging
import time
from abc import abstractmethod
from collections import deque
from typing import NamedTuple, Protocol

from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, SERVER
from websockets.protocol import Protocol as Frames

from local_aws.api_gateway.events import ClientInfo

MAX_FRAME = 32 * 1024
MAX_MESSAGE = 128 * 1024
"""Bytes (API Gateway quotas, WebSocket table)."""
MAX_UNSENT = 512 * 1024
"""Bytes that may wait for a client that does not read: four of the largest messages."""
MAX_IN_FLIGHT = 256
"""Messages of one connection whose functions may be under way. A client that sends more is read from no further, so
that TCP slows it down and no memory fills."""
MAX_PRE_HANDSHAKE = 64 * 1024
"""Bytes that a client may send before its handshake was answered, which RFC 6455 does not let it do at all."""
CLOSE_SECONDS = 5.0
"""How long a client may take for its part of the closing handshake."""

_LOGGER = logging.getLogger(__name__)
# The library notes the end of every connection at INFO.
_LOGGER.setLevel(logging.WARNING)


class CloseEvent(NamedTuple):
    """Why a connection ended: `disconnectStatusCode` and `disconnectReason` of the `$disconnect` event."""

    code: int
    reason: str
    fault: bool = False
    """True where the client sent what is not allowed."""


GOING_AWAY = CloseEvent(1001, "Going away")
DROPPED = CloseEvent(1006, "")
CLOSED_NORMALLY = CloseEvent(1000, "Connection Closed Normally")
_NO_STATUS = CloseEvent(1005, "Client-side close frame status not set")
_BINARY = CloseEvent(1003, "Binary frames are not supported", fault=True)
_NOT_UTF8 = CloseEvent(1007, "Text is not UTF-8", fault=True)


class Listener(Protocol):
    """Is told what happens on a connection: if it was opened, messages in order and `closing`; at the end `lost`.

    Messages that the client sent before its closing frame may come after `closing`, and never after `lost`.
    """

    @abstractmethod
    def received_message(self, connection: "Connection", text: str) -> None:
        """Take a whole text message, and tell the connection once it is done with."""

    @abstractmethod
    def closing(self, connection: "Connection") -> None:
        """Learn that nothing can be sent any more."""

    @abstractmethod
    def disconnected(self, connection: "Connection", close_event: CloseEvent | None) -> None:
        """Learn that the transport is gone; no close_event where the handshake never ended."""


class Connection(asyncio.Protocol):
    """A transport that was taken over from HTTP. What comes before `open` is kept for it."""

    __slots__ = (
        "_backlog",
        "_close_event",
        "_fragments",
        "_frames",
        "_in_flight",
        "_linger",
        "_listener",
        "_pre_handshake",
        "_reported",
        "_transport",
        "_write_paused",
        "client",
        "disconnected",
        "last_active",
    )

    def __init__(
        self, *, client: ClientInfo, transport: asyncio.Transport, received: bytes, listener: Listener
    ) -> None:
        self.client = client
        self.last_active = client.connected_at / 1000
        """Epoch seconds of the last data message in either direction; pings are none."""
        self.disconnected = False
        """True once the transport is gone."""
        self._transport = transport
        self._pre_handshake = received
        self._listener = listener
        self._frames: Frames | None = None
        self._fragments: bytearray | None = None
        self._close_event: CloseEvent | None = None
        self._linger: asyncio.TimerHandle | None = None
        self._backlog: deque[Frame] = deque()
        """What was read and has to wait: at most what one read from the transport brings."""
        self._in_flight = 0
        self._write_paused = False
        self._reported = False
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        """True while messages can be sent."""
        return self._frames is not None and self._frames.state is OPEN and not self._transport.is_closing()

    def refuse(self, answer: bytes) -> None:
        """End the handshake with an HTTP answer other than 101."""
        if not self._transport.is_closing():
            self._transport.write(answer)
            self._transport.close()

    def open(self, answer: bytes) -> None:
        """End the handshake with its 101, then take what came received. Not for a connection that is lost."""
        self._frames = Frames(SERVER, max_size=(MAX_MESSAGE, MAX_FRAME), logger=_LOGGER)
        self._transport.write(answer)
        self._transport.resume_reading()
        if self._pre_handshake:
            received, self._pre_handshake = self._pre_handshake, b""
            self.data_received(received)

    def send(self, payload: bytes) -> bool:
        """Send one text message, in fragments where it is long.

        Returns:
            False, with nothing sent, where the connection is not open or its client reads too slowly.

        """
        frames = self._frames
        if frames is None or not self.is_open:
            return False
        if self._transport.get_write_buffer_size() + len(payload) > MAX_UNSENT:
            return False
        frames.send_text(payload[:MAX_FRAME], fin=len(payload) <= MAX_FRAME)
        for start in range(MAX_FRAME, len(payload), MAX_FRAME):
            fragment = payload[start : start + MAX_FRAME]
            frames.send_continuation(fragment, fin=start + MAX_FRAME >= len(payload))
        self.last_active = time.time()
        self._flush(frames)
        return True

    def close(self, close_event: CloseEvent) -> None:
        """Start the closing handshake, unless it is under way."""
        if self._frames is not None and self.is_open:
            self._close_event = close_event
            self._backlog.clear()
            self._frames.send_close(close_event.code, close_event.reason)
            self._flush(self._frames)

    def abort(self) -> None:
        """Drop the connection without a word."""
        self._backlog.clear()
        self._transport.abort()
        self._report_disconnected()

    def message_done(self) -> None:
        """Make room for another message."""
        self._in_flight -= 1
        if self._backlog and self._frames is not None:
            self._drain(self._frames)
            self._flush(self._frames)
        self._report_disconnected()

    # What the transport calls.

    def data_received(self, data: bytes) -> None:
        """Take what the client sent; no rubbish in it does more than end this connection."""
        frames = self._frames
        if frames is None:
            self._keep(data)
            return
        frames.receive_data(data)
        events = frames.events_received()
        if self._close_event is None:
            self._backlog.extend(event for event in events if isinstance(event, Frame))
            self._drain(frames)
        self._flush(frames)

    def eof_received(self) -> None:
        """Note that the client sends no more; the transport then closes."""
        if self._frames is not None:
            self._frames.receive_eof()
            self._flush(self._frames)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Note that the transport is gone, with or without a closing handshake."""
        self.disconnected = True
        if self._linger is not None:
            self._linger.cancel()
        elif self._frames is not None:
            self._listener.closing(self)
        self._report_disconnected()

    def pause_writing(self) -> None:
        """Take no more from a client that does not read what it gets."""
        self._write_paused = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Take what the client sent meanwhile."""
        self._write_paused = False
        self._read_on()

    def _read_on(self) -> None:
        if self._backlog or self._write_paused:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _report_disconnected(self) -> None:
        """Say that the connection is lost, once, and after its last message."""
        if self.disconnected and not self._backlog and not self._reported:
            self._reported = True
            self._listener.disconnected(self, None if self._frames is None else self._close_event or DROPPED)

    # Frames.

    def _keep(self, data: bytes) -> None:
        self._pre_handshake += data
        if len(self._pre_handshake) > MAX_PRE_HANDSHAKE:
            self._transport.pause_reading()

    def _drain(self, frames: Frames) -> None:
        while self._backlog and self._in_flight < MAX_IN_FLIGHT:
            self._take(frames, self._backlog.popleft())
        self._read_on()

    def _take(self, frames: Frames, frame: Frame) -> None:
        if frame.opcode is Opcode.BINARY:
            self._fail(frames, _BINARY)
        elif frame.opcode is Opcode.TEXT and frame.fin:
            self._receive_text(frames, frame.data)
        elif frame.opcode is Opcode.TEXT:
            self._fragments = bytearray(frame.data)
        elif frame.opcode is Opcode.CONT and self._fragments is not None:
            self._fragments += frame.data
            if frame.fin:
                data, self._fragments = self._fragments, None
                self._receive_text(frames, data)

    def _receive_text(self, frames: Frames, data: bytes | bytearray | memoryview) -> None:
        self.last_active = time.time()
        try:
            text = str(data, "utf-8")
        except UnicodeDecodeError:
            self._fail(frames, _NOT_UTF8)
        else:
            self._in_flight += 1
            self._listener.received_message(self, text)

    def _fail(self, frames: Frames, close_event: CloseEvent) -> None:
        self._close_event = close_event
        self._backlog.clear()
        # The client's own closing frame may have come right behind, and be answered already.
        if frames.state is OPEN:
            frames.fail(close_event.code, close_event.reason)

    def _flush(self, frames: Frames) -> None:
        """Write what the library has to send, and notice where that was the last of it."""
        writes = frames.data_to_send()
        if writes and not self._transport.is_closing():
            # An empty piece stands for the end of the stream, and nothing follows it.
            self._transport.write(b"".join(writes))
            if not writes[-1]:
                self._transport.write_eof()
        if frames.state is not OPEN and self._linger is None and not self.disconnected:
            self._close_event = self._close_event or _close_event(frames)
            self._linger = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._transport.abort)
            self._listener.closing(self)


def _close_event(frames: Frames) -> CloseEvent:
    """Tell why a connection ends that nobody here closed."""
    received, sent = frames.close_rcvd, frames.close_sent
    if sent is None:
        return DROPPED
    if frames.parser_exc is not None or received is None:
        return CloseEvent(int(sent.code), sent.reason, fault=True)
    return _NO_STATUS if received.code == _NO_STATUS.code else CloseEvent(int(received.code), received.reason)
