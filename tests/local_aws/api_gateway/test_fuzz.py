"""After any input, the gateway serves the next client and keeps no state of the last one.

Hypothesis makes up requests, signatures, frames and fragments, most of them nearly right, since those get furthest.
"""

import asyncio
import json
import logging
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.gateway import Api, Event

HANDSHAKE = (
    b"GET /dev HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
POST = (
    b"POST /dev/@connections/L0SM9cOFvHcCIhw%3D HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Date: 20261123T000000Z\r\n"
    b"Authorization: AWS4-HMAC-SHA256 Credential=AKID/20261123/us-east-1/execute-api/aws4_request, "
    b"SignedHeaders=host;x-amz-date, Signature=" + b"0" * 64 + b"\r\nContent-Length: 4\r\n\r\nbody"
)
HEALTH = b"GET /dev HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"

fuzz = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Running:
    """A gateway in a thread of its own."""

    def __init__(self) -> None:
        self.api = Api()
        self.api.route("$connect")
        self.api.route("$disconnect")
        self.api.route("$default", self._echo, two_way=True)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    async def _echo(self, event: Event) -> Event:
        return {"statusCode": 200, "body": event["body"]}

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.api.start(), self._loop).result(10)

    def stop(self) -> None:
        assert self.api.gateway is not None
        asyncio.run_coroutine_threadsafe(self.api.gateway.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def send(self, *pieces: bytes, reset: bool = False) -> bytes:
        """Send on one connection until the gateway closes it; return the response."""
        answer = b""
        with socket.create_connection(("127.0.0.1", self.api.port), timeout=5) as client, suppress(OSError):
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for piece in pieces:
                client.sendall(piece)
            if reset:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return answer
            client.shutdown(socket.SHUT_WR)
            while data := client.recv(65536):
                answer += data
        return answer

    def is_well(self) -> None:
        """Check that the next client is served and that no state of the last one is left."""
        assert self.send(HEALTH).startswith(b"HTTP/1.1 426 ")
        assert self.api.gateway is not None
        deadline = time.monotonic() + 5
        while left := self.api.gateway._accepted:
            assert time.monotonic() < deadline, left
            time.sleep(0.005)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """Start a gateway for all examples."""
    running = Running()
    running.start()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def _no_error_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Check that there was no unhandled exception: asyncio or the server would have logged it."""
    yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def mutations_of(valid: bytes) -> st.SearchStrategy[bytes]:
    """Return the bytes with a part replaced, omitted or repeated."""
    places = st.integers(0, len(valid))
    fillings = st.one_of(st.binary(max_size=40), st.sampled_from([b"\r\n", b"\x00", b"%", b"\xff\xfe", b"A" * 70_000]))
    return st.builds(
        lambda start, length, filling: valid[:start] + filling + valid[start + length :],
        places,
        st.integers(0, 30),
        fillings,
    )


def cut(data: bytes, at: list[int]) -> list[bytes]:
    """Return the bytes in pieces, which are sent separately."""
    places = sorted({0, len(data), *(place % (len(data) + 1) for place in at)})
    return [data[start:end] for start, end in pairwise(places)]


cuts = st.lists(st.integers(0, 1000), max_size=4)


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """Return a frame of any type and with any bits; its length may be wrong (RFC 6455, section 5.2)."""
    payload = draw(st.one_of(st.binary(max_size=200), st.just(b'{"action":"x"}'), st.just(b"y" * 33_000)))
    masked = draw(st.sampled_from([True, True, True, False]))
    first = draw(st.one_of(st.sampled_from([0x81, 0x01, 0x80, 0x00, 0x88, 0x89, 0x8A, 0x82]), st.integers(0, 255)))
    length = draw(st.one_of(st.just(len(payload)), st.integers(0, 2**63)))
    bit = 0x80 if masked else 0
    if length < 126:
        head = bytes([first, bit | length])
    elif length < 65_536:
        head = bytes([first, bit | 126]) + struct.pack("!H", length)
    else:
        head = bytes([first, bit | 127]) + struct.pack("!Q", length)
    mask = draw(st.binary(min_size=4, max_size=4)) if masked else b""
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)) if masked else head + payload


@fuzz
@given(data=st.one_of(st.binary(max_size=300), mutations_of(HANDSHAKE), mutations_of(POST)), at=cuts)
def test_no_request_harms_the_gateway(running: Running, data: bytes, at: list[int]) -> None:
    """Malformed handshakes, paths, signatures and bodies get an HTTP response or none, never a stack trace."""
    answer = running.send(*cut(data, at))
    assert answer == b"" or answer.startswith(b"HTTP/1.1 ")
    assert b"Traceback" not in answer
    running.is_well()


@fuzz
@given(sent=st.lists(frames(), max_size=6), at=cuts, reset=st.booleans())
def test_no_frames_harm_the_gateway(running: Running, sent: list[bytes], at: list[int], *, reset: bool) -> None:
    """Frames and fragments of any type and order, cut anywhere, end no more than their own connection."""
    lines = len(running.api.lines)
    running.send(HANDSHAKE, *cut(b"".join(sent), at), reset=reset)
    running.is_well()
    assert len(running.api.lines) <= lines + 1


@fuzz
@given(
    text=st.one_of(
        st.text(max_size=100),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        ).map(json.dumps),
    )
)
def test_every_text_is_answered(running: Running, text: str) -> None:
    """Valid and invalid JSON reaches `$default` and is echoed."""
    payload = text.encode(errors="replace")
    mask = b"\x01\x02\x03\x04"
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    head = bytes([0x81, 0x80 | len(payload)]) if len(payload) < 126 else b"\x81\xfe" + struct.pack("!H", len(payload))
    close = bytes([0x88, 0x80]) + mask
    answer = running.send(HANDSHAKE, head + mask + masked, close)
    assert answer.startswith(b"HTTP/1.1 101 ")
    running.is_well()
