"""The WebSocket connection of one client: frames from the `websockets` library, with the limits of API Gateway."""

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
"""Bytes that may be buffered for a client that does not read: four messages of the maximum size."""
MAX_IN_FLIGHT = 256
"""Messages of one connection that may be processed at the same time. If a client sends more, reading pauses: TCP then
slows the client down, and no memory fills."""
MAX_PRE_HANDSHAKE = 64 * 1024
"""Bytes that a client may send before the response to its handshake; RFC 6455 does not allow any."""
CLOSE_SECONDS = 5.0
"""Timeout for the client's part of the closing handshake."""

_LOGGER = logging.getLogger(__name__)
# The library logs the end of every connection at level INFO.
_LOGGER.setLevel(logging.WARNING)


class CloseEvent(NamedTuple):
    """Why a connection ended: `disconnectStatusCode` and `disconnectReason` of the `$disconnect` event."""

    code: int
    reason: str
    fault: bool = False
    """True if the client violated the protocol or a limit."""


GOING_AWAY = CloseEvent(1001, "Going away")
DROPPED = CloseEvent(1006, "")
CLOSED_NORMALLY = CloseEvent(1000, "Connection Closed Normally")
_NO_STATUS = CloseEvent(1005, "Client-side close frame status not set")
_BINARY = CloseEvent(1003, "Binary frames are not supported", fault=True)
_NOT_UTF8 = CloseEvent(1007, "Text is not UTF-8", fault=True)


class Listener(Protocol):
    """Receives what happens on a connection.

    These are its messages, in order, and `closing` if the connection was opened; finally `disconnected`. Messages that
    the client sent before its closing frame may follow `closing`, but never `disconnected`.
    """

    @abstractmethod
    def received_message(self, connection: "Connection", text: str) -> None:
        """Process a complete text message, then call `message_done` of the connection."""

    @abstractmethod
    def closing(self, connection: "Connection") -> None:
        """Note that nothing can be sent any more."""

    @abstractmethod
    def disconnected(self, connection: "Connection", close_event: CloseEvent | None) -> None:
        """Note that the transport is closed; `close_event` is None if the handshake never ended."""


class Connection(asyncio.Protocol):
    """A transport after the HTTP upgrade request. Bytes that arrive before `open` are buffered."""

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
        """Epoch seconds of the last data message in either direction; pings do not count."""
        self.disconnected = False
        """True once the transport is closed."""
        self._transport = transport
        self._pre_handshake = received
        self._listener = listener
        self._frames: Frames | None = None
        self._fragments: bytearray | None = None
        self._close_event: CloseEvent | None = None
        self._linger: asyncio.TimerHandle | None = None
        self._backlog: deque[Frame] = deque()
        """Frames that were read and have to wait: at most those of one read from the transport."""
        self._in_flight = 0
        self._write_paused = False
        self._reported = False
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        """True while messages can be sent."""
        return self._frames is not None and self._frames.state is OPEN and not self._transport.is_closing()

    def refuse(self, answer: bytes) -> None:
        """End the handshake with an HTTP response other than 101."""
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
        """Send one text message, in fragments if it is long.

        Returns:
            False, with nothing sent, if the connection is not open or its client reads too slowly.

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
        """Start the closing handshake, unless it has started."""
        if self._frames is not None and self.is_open:
            self._close_event = close_event
            self._backlog.clear()
            self._frames.send_close(close_event.code, close_event.reason)
            self._flush(self._frames)

    def abort(self) -> None:
        """Drop the connection without a closing handshake."""
        self._backlog.clear()
        self._transport.abort()
        self._report_disconnected()

    def message_done(self) -> None:
        """Note that a message was processed, so that another can start."""
        self._in_flight -= 1
        if self._backlog and self._frames is not None:
            self._drain(self._frames)
            self._flush(self._frames)
        self._report_disconnected()

    # Called by the transport.

    def data_received(self, data: bytes) -> None:
        """Process bytes from the client. Invalid data ends this connection and affects nothing else."""
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
        """Note that the client sends nothing more; the transport then closes."""
        if self._frames is not None:
            self._frames.receive_eof()
            self._flush(self._frames)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Note that the transport is closed, with or without a closing handshake."""
        self.disconnected = True
        if self._linger is not None:
            self._linger.cancel()
        elif self._frames is not None:
            self._listener.closing(self)
        self._report_disconnected()

    def pause_writing(self) -> None:
        """Stop reading from a client that does not read."""
        self._write_paused = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Continue reading from the client."""
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
        # The client's own closing frame may have arrived right after it, with its response sent already.
        if frames.state is OPEN:
            frames.fail(close_event.code, close_event.reason)

    def _flush(self, frames: Frames) -> None:
        """Write what the library has to send; start the timeout if that ended the connection."""
        writes = frames.data_to_send()
        if writes and not self._transport.is_closing():
            # An empty piece marks the end of the stream, and nothing follows it.
            self._transport.write(b"".join(writes))
            if not writes[-1]:
                self._transport.write_eof()
        if frames.state is not OPEN and self._linger is None and not self.disconnected:
            self._close_event = self._close_event or _close_event(frames)
            self._linger = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._transport.abort)
            self._listener.closing(self)


def _close_event(frames: Frames) -> CloseEvent:
    """Return why a connection ends that this side did not close."""
    received, sent = frames.close_rcvd, frames.close_sent
    if sent is None:
        return DROPPED
    if frames.parser_exc is not None or received is None:
        return CloseEvent(int(sent.code), sent.reason, fault=True)
    return _NO_STATUS if received.code == _NO_STATUS.code else CloseEvent(int(received.code), received.reason)
