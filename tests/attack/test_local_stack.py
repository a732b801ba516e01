"""Peers that break every rule, against `chat local` as it is."""

import os
import random
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect

from tests.support.local_stack import LocalStack, alive, local_stack

SEED = 20_261_126
DESCRIPTORS = 256
MESSAGE = '{"action":"sendmessage","data":"live long"}'
FLOOD = ("RequestRate=10000", "RequestBurst=5000", "MessageRate=0")
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
MASK = b"\0\0\0\0"
FRAMES = [
    b"\x81\x05hello", b"\x83\x80" + MASK, b"\xc1\x80" + MASK, b"\x89\xfe\x00\x80" + MASK + b"x" * 128,
    b"\x88\x81" + MASK + b"\x03", b"\x88\x82" + MASK + b"\x03\xe7", b"\x80\x80" + MASK,
    b"\x01\x81" + MASK + b"a" + b"\x81\x80",
    b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff" + MASK, b"\x81\xfe\xff\xff" + MASK, b"\x81\x81" + MASK + b"\xff",
    b"\x82\x84" + MASK + b"\0\1\2\3", b"\x09\x80" + MASK, b"\x8a\x80" + MASK, b"GET / HTTP/1.1\r\n\r\n",
    b"\x81\x80\0\0",
]  # fmt: skip
"""Each wrong in a way of its own, or cut off."""


class Peers:
    """Sockets to one stack, which all end with the block."""

    def __init__(self, stack: LocalStack) -> None:
        url = urlsplit(stack.ws_url)
        self._address = ("127.0.0.1", url.port or 0)
        self.handshake = HANDSHAKE.format(path=url.path).encode()
        self.open: list[socket.socket] = []

    def connect(self, data: bytes = b"", *, buffer: int = 0) -> socket.socket:
        peer = socket.socket()
        if buffer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        peer.settimeout(10)
        peer.connect(self._address)
        peer.sendall(data)
        self.open.append(peer)
        return peer

    def upgraded(self, *, buffer: int = 0) -> socket.socket:
        peer = self.connect(self.handshake, buffer=buffer)
        assert peer.recv(12) == b"HTTP/1.1 101"
        return peer

    def reset_all(self) -> None:
        """End them all without a word."""
        for peer in self.open:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
        self.open.clear()


@contextmanager
def peers(stack: LocalStack) -> Iterator[Peers]:
    made = Peers(stack)
    with ExitStack() as exits:
        exits.callback(made.reset_all)
        yield made


def word(stack: LocalStack) -> float:
    """Send a word from one client to another; return after how many seconds it was there."""
    with connect(stack.ws_url, open_timeout=30) as hears, connect(stack.ws_url, open_timeout=30) as says:
        started = time.monotonic()
        says.send(MESSAGE)
        assert hears.recv(timeout=30) == "live long"
        return time.monotonic() - started


def megabytes(stack: LocalStack) -> float:
    with open(f"/proc/{stack.process.pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_peers_that_break_every_rule_disturb_nobody() -> None:
    """Half-open, gone at once, wrong frames, never reading: the next client is served, and memory stays bounded."""
    source = random.Random(SEED)
    with local_stack("--parameter-overrides", *FLOOD) as stack, peers(stack) as hostile:
        word(stack)
        for _ in range(300):
            hostile.connect(hostile.handshake[: source.randrange(len(hostile.handshake))])
        assert word(stack) < 20
        hostile.reset_all()
        for _ in range(200):
            hostile.connect(hostile.handshake)
            hostile.reset_all()
        for each in FRAMES * 4:
            peer = hostile.upgraded()
            for at in range(0, len(each), 3):
                peer.sendall(each[at : at + 3])
        assert word(stack) < 20
        hostile.reset_all()
        for _ in range(40):
            hostile.upgraded(buffer=4096)
        with connect(stack.ws_url) as speaker:
            for _ in range(40):
                speaker.send('{"action":"sendmessage","data":"%s"}' % ("x" * 30_000))
                speaker.recv(timeout=60)
        assert word(stack) < 20
        if os.path.exists("/proc"):
            assert megabytes(stack) < 400
        started = stack.descendants()
        hostile.reset_all()
        assert stack.stop() < 20
        assert alive(started) == set()
    assert [line for line in stack.log if "Traceback" in line] == []


def test_more_clients_than_descriptors_wait_and_are_told_of_once() -> None:
    """It wrote thousands of tracebacks a second; those that wait are served when others leave."""
    with local_stack("--parameter-overrides", *FLOOD, descriptors=DESCRIPTORS) as stack, peers(stack) as hostile:
        word(stack)
        lines = len(stack.log)
        for _ in range(DESCRIPTORS + 74):
            hostile.connect(hostile.handshake)
        stack.wait_for_log("No more connections are accepted until others end")
        time.sleep(5)
        hostile.reset_all()
        deadline = time.monotonic() + 60
        while True:
            try:
                assert word(stack) < 20
                break
            except (OSError, TimeoutError):
                assert time.monotonic() < deadline, stack.log[-20:]
        said = [line for line in stack.log[lines:] if not line.startswith("Api/")]
        assert len([line for line in said if "No more connections" in line]) == 1
        assert len(said) < 50, said[:50]
        assert [line for line in stack.log if "Traceback" in line] == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_bodies_that_never_come_take_no_memory(method: str) -> None:
    """A hundred announced megabytes are refused by their length, half bodies are dropped with their connections."""
    if not os.path.exists("/proc"):
        pytest.skip("/proc tells how much memory a process has")
    with local_stack() as stack, peers(stack) as hostile:
        word(stack)
        before = megabytes(stack)
        path = urlsplit(stack.ws_url).path + "/@connections/x"
        for length in (10_000_000, 131_072):
            for _ in range(100):
                head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
                hostile.connect(head.encode() + b"x" * 100_000)
            time.sleep(1)
            assert megabytes(stack) - before < 100
            hostile.reset_all()
