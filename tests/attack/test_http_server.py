"""Random bytes to the HTTP server of the local stack, in random pieces, over a transport that only remembers."""

import asyncio
import random
from typing import Any

from local_aws.http_server import HttpProtocol, Request, Response, Visitors
from local_aws.http_server.visitors import host_of, is_loopback

SEED = 20_261_126
CONNECTIONS = 20_000
PIECES = [
    b"GET / HTTP/1.1\r\n", b"POST /x HTTP/1.1\r\n", b"OPTIONS * HTTP/1.1\r\n", b"GET / HTTP/1.0\r\n", b"GET /\r\n",
    b"CONNECT a:1 HTTP/1.1\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"Host: localhost\r\n", b"Host: evil.test\r\n",
    b"Host: own.test:80\r\n", b"host:[::1]\r\n", b"Host: localhost, evil.test\r\n", b"Content-Length: 4\r\n",
    b"Content-Length: 99999999999999999999\r\n", b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n", b"Expect: 100-continue\r\n", b"Connection: Upgrade\r\n",
    b"Upgrade: websocket\r\n", b"Upgrade: h2c\r\n", b"Connection: close\r\n", b"X: " + b"y" * 900 + b"\r\n",
    b" folded\r\n", b"X\0: a\r\n", b"\r\n", b"\n", b"abcd", b"4\r\nabcd\r\n", b"0\r\n\r\n", b"ffffffffffff\r\n",
    b"\0", b"\xff",
]  # fmt: skip
MAX_HEAD, MAX_BODY = 3_000, 2_000


class Remembering(asyncio.Transport):
    """A transport whose other end is nobody."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.reading = True
        self.closing = False
        self.ended = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else default

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.ended, "written after the end"
        self.written += bytes(data)

    def write_eof(self) -> None:
        self.ended = True

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def is_reading(self) -> bool:
        return self.reading

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


def answer(request: Request) -> Response:
    """Hold the request to what the server promises its handlers."""
    names = [value for name, value in request.headers if name.lower() == "host"]
    assert len(names) <= 1
    assert all(is_loopback(host_of(each)) or host_of(each) == "own.test" for each in names)
    assert len(request.body) <= MAX_BODY
    assert sum(len(name) + len(value) for name, value in request.headers) <= MAX_HEAD
    return Response(status=200)


def take_over(_request: Request, transport: asyncio.Transport, _rest: bytes) -> None:
    transport.close()


async def test_no_input_reaches_a_handler_that_should_not() -> None:
    """Nor raises anything, nor is answered by what is no HTTP."""
    source = random.Random(SEED)
    for _ in range(CONNECTIONS):
        data = b"".join(source.choice(PIECES) for _ in range(source.randrange(1, 14)))
        protocol = HttpProtocol(
            answer,
            upgrade=take_over,
            visitors=Visitors.of(hosts=["own.test"]),
            max_head=MAX_HEAD,
            max_body=MAX_BODY,
        )
        transport = Remembering()
        protocol.connection_made(transport)
        size = source.choice([1, 7, 100, 100_000])
        for at in range(0, len(data), size):
            if transport.closing:
                break
            protocol.data_received(data[at : at + size])
        protocol.connection_lost(None)
        assert transport.written == b"" or transport.written.startswith(b"HTTP/1.1 "), data
