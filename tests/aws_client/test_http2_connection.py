"""One HTTP/2 connection, to a server that sends any frames that a test wants, and floods of them."""

import asyncio
import math
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_client import Response, TransportError
from aws_client.hpack import STATUS_200
from aws_client.http2 import Http2Connection
from aws_client.http2_flood_guard import IDLE_FRAMES, UNREAD_REPLIES
from aws_client.http2_frames import (
    CANCEL,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    INITIAL_WINDOW,
    PADDED,
    PING,
    REFUSED,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
    setting,
)
from aws_client.poller import Poller
from aws_client.socket_transport import READ_SIZE


class _Poller(Poller):
    """Reports the connection as readable whenever the test says so."""

    def add(self, fd: int, callback: Callable[[], None]) -> None:
        self._callback = callback

    def remove(self, fd: int) -> None: ...

    def poll(self) -> None:
        self._callback()

    def close(self) -> None: ...


class _Request:
    """Records how it ended."""

    path = b"/"
    body = b"x"
    signature = b"0"
    expires = math.inf
    source: Any = None
    header_block: Any = type(
        "H", (), {"http2_fields": (("content-length", "1"),), "authorization": b"A", "method": b"POST"}
    )()

    def __init__(self, ends: list[str]) -> None:
        self._ends = ends

    def answered(self, response: Response) -> None:
        self._ends.append(f"answered {response.status} {len(response.body)}")

    def failed(self, error: TransportError) -> None:
        self._ends.append(type(error).__name__)

    def timed_out(self) -> None:
        self._ends.append("timed out")


class _Talk:
    """A connection with requests under way, to a server that the test speaks for."""

    def __init__(self, requests: int = 3, *, reads: bool = True) -> None:
        self.ends: list[str] = []
        ours, self._server = socket.socketpair()
        TALKS.append(self)
        ours.setblocking(False)
        self._server.setblocking(False)
        if not reads:
            with suppress(BlockingIOError):
                while True:
                    ours.send(bytes(READ_SIZE))
        self._reads = reads
        self._poller = _Poller()
        self.connection = Http2Connection(ours, poller=self._poller, available=lambda _: None, lost=lambda _: None)
        self.hear(frame(SETTINGS, 0, 0, b""))
        for _ in range(requests):
            self.connection.start(_Request(self.ends))
        self.connection.flush()

    def hear(self, data: bytes) -> None:
        """Have the connection read this, in as many reads as necessary."""
        for at in range(0, len(data), READ_SIZE):
            if self.connection.is_open:
                self._server.sendall(data[at : at + READ_SIZE])
                self._poller.poll()
                with suppress(BlockingIOError):
                    while self._reads and self._server.recv(1 << 20):
                        pass

    def close(self) -> None:
        """Close both sides."""
        self.connection.close()
        self._server.close()


TALKS: list[_Talk] = []


@pytest.fixture(autouse=True)
async def talks() -> AsyncIterator[None]:
    """Close every connection of a test."""
    yield
    while TALKS:
        TALKS.pop().close()


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 10), st.integers(0, 255), st.integers(0, 5), st.binary(max_size=40)), max_size=6)
)
async def test_any_frames_leave_every_request_with_one_end(frames: list[tuple[int, int, int, bytes]]) -> None:
    """Whatever the server sends, each request gets exactly one result."""
    talk = _Talk()
    data = b"".join(frame(kind, flags, number, payload) for kind, flags, number, payload in frames)
    talk.hear(data[:7])
    talk.hear(data[7:])
    talk.close()
    assert len(talk.ends) == 3


HALF = frame(HEADERS, 0, 1, STATUS_200)
WHOLE_HEADERS = frame(HEADERS, END_HEADERS, 1, STATUS_200)
FLOODS = {
    "empty CONTINUATION": (HALF, frame(CONTINUATION, 0, 1, b"")),
    "empty DATA": (WHOLE_HEADERS, frame(DATA, 0, 1, b"")),
    "padding": (WHOLE_HEADERS, frame(DATA, PADDED, 1, bytes([3, 0, 0, 0]))),
    "PING": (b"", frame(PING, 0, 0, bytes(8))),
    "SETTINGS": (b"", frame(SETTINGS, 0, 0, setting(INITIAL_WINDOW, 65_535) * 2_000)),
    "SETTINGS that change": (
        b"",
        frame(SETTINGS, 0, 0, (setting(INITIAL_WINDOW, 1) + setting(INITIAL_WINDOW, 2)) * 1_000),
    ),
    "interim": (b"", frame(HEADERS, END_HEADERS, 1, b"\x08\x03100")),
    "unknown stream": (b"", frame(HEADERS, END_HEADERS | END_STREAM, 99, STATUS_200)),
    "unknown": (b"", frame(99, 0, 0, b"x")),
    "window by the byte": (b"", frame(WINDOW_UPDATE, 0, 1, bytes([0, 0, 0, 1]))),
}


@pytest.mark.parametrize("flood", FLOODS)
async def test_frames_that_bring_no_answer_further_end_the_connection(flood: str) -> None:
    """Reading them without a limit would block everything else on the loop, deadlines included."""
    first, again = FLOODS[flood]
    talk = _Talk()
    started = time.process_time()
    talk.hear(first)
    for _ in range(IDLE_FRAMES + 1):
        talk.hear(again)
    assert not talk.connection.is_open
    assert talk.ends == ["ResponseMalformed"] * 3
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "question",
    [
        frame(PING, 0, 0, bytes(8)) + frame(DATA, 0, 1, b"x"),
        frame(SETTINGS, 0, 0, b"") + frame(DATA, 0, 1, b"x"),
    ],
    ids=["PING", "SETTINGS"],
)
async def test_replies_do_not_pile_up_for_a_server_that_does_not_read(question: bytes) -> None:
    """Parts of an answer in between make no difference."""
    talk = _Talk(reads=False)
    talk.hear(WHOLE_HEADERS)
    for _ in range(UNREAD_REPLIES + 1):
        talk.hear(question)
    assert not talk.connection.is_open
    assert talk.ends == ["ResponseMalformed"] * 3


async def test_server_with_many_frames_between_answers_is_no_flood() -> None:
    """Pings between answers, and an answer in small pieces, are legitimate."""
    talk = _Talk(requests=50)
    for number in range(1, 99, 2):
        talk.hear(frame(PING, 0, 0, bytes(8)) * 100 + frame(HEADERS, END_HEADERS | END_STREAM, number, STATUS_200))
    talk.hear(frame(HEADERS, END_HEADERS, 99, STATUS_200) + frame(DATA, 0, 99, b"x") * 10_000)
    talk.hear(frame(DATA, END_STREAM, 99, b""))
    assert talk.ends == ["answered 200 0"] * 49 + ["answered 200 10000"]


@pytest.mark.parametrize("size", [16_000, 128 * 1024], ids=["sent at once", "sent as allowed"])
@pytest.mark.parametrize(("step", "is_heard"), [(16_000, True), (512, True), (1, False)])
async def test_server_that_reads_requests_in_pieces_is_no_flood(step: int, size: int, is_heard: bool) -> None:
    """It may send a window update for each piece of each request (RFC 9113, section 6.9), but not for each byte."""
    talk = _Talk(requests=0)
    talk.hear(frame(WINDOW_UPDATE, 0, 0, (1 << 30).to_bytes(4)))
    numbers = range(1, 201, 2)
    for _ in numbers:
        request = _Request(talk.ends)
        request.body = bytes(size)
        talk.connection.start(request)
    updates = (number for _ in range(size // min(step, 500)) for number in numbers)
    # Nothing is read from a connection that has been closed.
    while talk.connection.is_open and (number := next(updates, None)):
        talk.hear(frame(WINDOW_UPDATE, 0, number, step.to_bytes(4)))
    assert talk.connection.is_open is is_heard
    if is_heard:
        for number in numbers:
            talk.hear(frame(HEADERS, END_HEADERS | END_STREAM, number, STATUS_200))
    assert talk.ends == ["answered 200 0" if is_heard else "ResponseMalformed"] * 100


async def test_window_updates_without_requests_end_the_connection() -> None:
    """No request is under way whose deadline would end the flood."""
    talk = _Talk(requests=0)
    for _ in range(IDLE_FRAMES + 1):
        talk.hear(frame(WINDOW_UPDATE, 0, 0, (16_384).to_bytes(4)))
    assert not talk.connection.is_open


@pytest.mark.parametrize("status", ["²²²", "", "20", "2000", "٢٠٠", "-20", "abc"])
async def test_malformed_status_fails_the_requests(status: str) -> None:
    """A status has three ASCII digits (RFC 9110, section 15)."""
    value = status.encode()
    talk = _Talk()
    talk.hear(frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x08" + bytes([len(value)]) + value))
    assert talk.ends == ["ResponseMalformed"] * 3


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (frame(RST_STREAM, 0, 1, REFUSED), "ConnectionFailed"),
        (frame(RST_STREAM, 0, 1, CANCEL), "AnswerLost"),
        (frame(GOAWAY, 0, 0, bytes(8)), "ConnectionFailed"),
        (frame(GOAWAY, 0, 0, bytes([0, 0, 0, 1, 0, 0, 0, 0])), "AnswerLost"),
    ],
    ids=["refused", "broken off", "not acted on", "perhaps acted on"],
)
async def test_error_says_whether_the_server_may_have_acted_on_a_request(end: bytes, expected: str) -> None:
    """A repetition is harmless if the server reports that it did nothing (RFC 9113, sections 6.8 and 8.7)."""
    talk = _Talk(requests=1)
    talk.hear(end)
    talk.connection.close()
    assert talk.ends == [expected]


async def test_bug_in_reading_fails_the_requests_and_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise only the loop would report it, and the callers would wait until their requests time out."""
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reported.append(context))
    talk = _Talk()
    monkeypatch.setattr(Http2Connection, "_on_window_update", lambda *_: 1 / 0)
    talk.hear(frame(WINDOW_UPDATE, 0, 0, bytes([0, 0, 0, 1])))
    assert talk.ends == ["ResponseMalformed"] * 3
    assert [type(each["exception"]) for each in reported] == [ZeroDivisionError]
