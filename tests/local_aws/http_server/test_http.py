"""The HTTP server, over real sockets."""

import asyncio
import errno
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from local_aws import http_server
from local_aws.http_server import (
    Handler,
    HttpServer,
    Listener,
    Request,
    Response,
    Visitors,
    listening,
    message_response,
    protocol,
    serve,
)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def echo(request: Request) -> Response:
    """Return the request as the response."""
    return Response(status=200, body=f"{request.method} {request.target} ".encode() + request.body)


async def echo_later(request: Request) -> Response:
    """Return the same after a delay, which is longer for earlier requests."""
    await asyncio.sleep(0.05 if request.target == "/1" else 0)
    return echo(request)


@asynccontextmanager
async def running(handler: Handler, upgrade: http_server.Upgrade | None = None) -> AsyncIterator[HttpServer]:
    """Serve for the time of a test."""
    server = await serve(handler, port=0, upgrade=upgrade)
    try:
        yield server
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def connected(server: HttpServer) -> AsyncIterator[Streams]:
    """Connect for the time of a test."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def exchange(handler: Handler, *pieces: bytes) -> bytes:
    """Send pieces one after the other; return everything until the server closes."""
    async with running(handler) as server, connected(server) as (reader, writer):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        return await asyncio.wait_for(reader.read(), 5)


LAST = b"GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


async def test_a_connection_serves_one_request_after_another() -> None:
    """Keep-alive is what makes a stream of deliveries cheap."""
    received = await exchange(echo, b"POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi", LAST)
    assert received == (
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nPOST /a hi"
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nGET /last "
    )


@pytest.mark.parametrize("handler", [echo, echo_later])
async def test_pipelined_requests_are_answered_in_order(handler: Handler) -> None:
    """A client distinguishes responses only by their order."""
    requests = b"".join(b"GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % number for number in range(1, 50))
    received = await exchange(handler, requests + LAST)
    assert [part.split(b" ")[1] for part in received.split(b"\r\n\r\n")[1:-1]] == [
        b"/%d" % number for number in range(1, 50)
    ]


async def test_a_request_may_come_in_pieces_of_one_byte() -> None:
    """TCP has no message boundaries, and the parser reports a long header or target in pieces."""
    request = (
        b"POST /path HTTP/1.1\r\nHost: localhost\r\nX-Name: value\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
    )
    seen: list[Request] = []

    def handler(request: Request) -> Response:
        seen.append(request)
        return Response(status=204)

    async with running(handler) as server, connected(server) as (reader, writer):
        for at in range(len(request)):
            writer.write(request[at : at + 1])
            await asyncio.sleep(0.0005)
        await reader.read()
    assert (seen[0].target, seen[0].body, seen[0].header("x-name")) == ("/path", b"abc", "value")


async def test_headers_keep_their_order_and_casing() -> None:
    """Events of functions have them as they were sent."""
    seen: list[Request] = []

    def handler(request: Request) -> Response:
        seen.append(request)
        return Response(status=204)

    fields = b"Host: localhost\r\nB-b: 1\r\na: 2\r\nB-b: 3\r\nConnection: close\r\n"
    await exchange(handler, b"GET /?a=1?b HTTP/1.1\r\n" + fields + b"\r\n")
    assert seen[0].headers == (
        ("Host", "localhost"),
        ("B-b", "1"),
        ("a", "2"),
        ("B-b", "3"),
        ("Connection", "close"),
    )
    assert (seen[0].path, seen[0].query, seen[0].header("b-B"), seen[0].header("c")) == ("/", "a=1?b", "1", None)
    assert seen[0].peer[0] == "127.0.0.1"


async def test_a_chunked_body_arrives_whole_and_its_trailers_are_no_headers() -> None:
    """The trailer of a chunked body follows after the head is complete."""
    body = b"3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n"
    received = await exchange(
        echo, b"POST /c HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + body, LAST
    )
    assert b"POST /c abcde" in received


async def test_no_content_carries_no_length_and_head_no_body() -> None:
    """RFC 9110, sections 8.6 and 9.3.2, require it."""
    received = await exchange(lambda _: Response(status=204), LAST)
    assert received == b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
    received = await exchange(echo, LAST.replace(b"GET", b"HEAD"))
    assert received == b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\n"
    received = await exchange(lambda _: Response(status=304), LAST)
    assert received == b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"
    told = Response(status=200, headers=(("content-length", "99"),))
    received = await exchange(lambda _: told, LAST.replace(b"GET", b"HEAD"))
    assert received == b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
    ],
    ids=["tls", "no target", "bad length"],
)
async def test_malformed_input_is_answered_with_400_and_ends_the_connection(rubbish: bytes) -> None:
    """After it, the start of the next request is unknown."""
    received = await exchange(echo, rubbish)
    assert received.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert received.endswith(b'{"message":"Bad Request"}')


async def raise_now(request: Request) -> Response:
    """Raise an exception."""
    raise LookupError(request.target)


def raise_at_once(request: Request) -> Response:
    """Raise an exception before the first await."""
    raise LookupError(request.target)


@pytest.mark.parametrize("handler", [raise_now, raise_at_once])
async def test_a_failing_handler_is_logged_and_answered_with_500(
    handler: Callable[[Request], Response | Awaitable[Response]], caplog: pytest.LogCaptureFixture
) -> None:
    """The next request on the same connection is served."""
    with caplog.at_level(logging.ERROR):
        received = await exchange(handler, b"GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\n", LAST)
    assert received.count(b"HTTP/1.1 500 Internal Server Error\r\n") == 2
    assert b'{"message":"Internal server error"}' in received
    assert [record.exc_info is not None for record in caplog.records] == [True, True]


@pytest.mark.parametrize("framing", [b"Content-Length: 300\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n12C\r\n"])
async def test_too_long_a_body_is_refused(framing: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not buffered, with or without a declared length."""
    monkeypatch.setattr(protocol, "MAX_BODY", 200)
    received = await exchange(echo, b"POST / HTTP/1.1\r\nHost: localhost\r\n" + framing + b"a" * 300)
    assert received.startswith(b"HTTP/1.1 413 ")
    assert b"Connection: close\r\n" in received


async def test_endless_headers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A header that never ends would otherwise fill the memory."""
    monkeypatch.setattr(protocol, "MAX_HEAD", 1000)
    received = await exchange(echo, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ", b"a" * 900, b"a" * 900)
    assert received.startswith(b"HTTP/1.1 431 ")


async def test_client_that_waits_for_100_continue_receives_it() -> None:
    """Curl waits a second for it before it sends a large body anyway."""
    async with running(echo) as server, connected(server) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"hi")
        assert (await reader.readuntil(b"hi")).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_http_1_0_gets_its_answer_and_the_end_of_the_connection() -> None:
    """For such a client the end of the connection is the end of the response."""
    assert (await exchange(echo, b"GET /old HTTP/1.0\r\n\r\n")).endswith(b"Connection: close\r\n\r\nGET /old ")


async def test_upgrade_that_is_not_offered_is_ignored() -> None:
    """RFC 9110, section 7.8: clients that try HTTP/2 like this get a response in HTTP/1.1."""
    received = await exchange(
        echo, b"GET /h2 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    )
    assert received.endswith(b"GET /h2 ")


async def test_a_websocket_upgrade_takes_the_transport_over() -> None:
    """The bytes after the request are handed over with it."""
    seen: list[tuple[Request, bytes]] = []

    def upgrade(request: Request, transport: asyncio.Transport, rest: bytes) -> None:
        seen.append((request, rest))
        transport.write(b"taken")
        transport.close()

    request = (
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\nrest"
    )
    async with running(echo, upgrade) as server, connected(server) as (reader, writer):
        writer.write(request)
        assert await reader.read() == b"taken"
    assert [(request.target, rest) for request, rest in seen] == [("/ws", b"rest")]


async def test_handler_is_cancelled_if_the_client_disconnects() -> None:
    """The long poll of a dead process must not consume an event."""
    cancelled = asyncio.Event()

    async def handler(request: Request) -> Response:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return echo(request)

    async with running(handler) as server:
        async with connected(server) as (_, writer):
            writer.write(LAST)
            await asyncio.sleep(0.05)
        await asyncio.wait_for(cancelled.wait(), 5)


async def test_closing_drops_idle_and_busy_connections() -> None:
    """A server that waited for keep-alive connections to end would never stop."""

    async def handler(request: Request) -> Response:
        await asyncio.sleep(60)
        return echo(request)

    async with running(handler) as server, connected(server) as (idle, _), connected(server) as (busy, writer):
        writer.write(LAST)
        await asyncio.sleep(0.05)
        server.close()
        await server.wait_closed()
        assert await asyncio.wait_for(idle.read(), 5) == b""
        assert await asyncio.wait_for(busy.read(), 5) == b""


async def test_a_client_that_never_reads_stops_being_answered() -> None:
    """Its responses would otherwise fill the memory."""
    answered = 0

    def handler(request: Request) -> Response:
        nonlocal answered
        answered += 1
        return Response(status=200, body=b"a" * 1_000_000)

    async with running(handler) as server, connected(server) as (_, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200)
        await asyncio.sleep(0.2)
    assert answered < 50


def test_a_message_response_is_compact_json() -> None:
    """AWS's errors have this form."""
    response = message_response(403, "Forbidden", ("X-A", "b"))
    assert response.body == b'{"message":"Forbidden"}'
    assert response.headers == (("Content-Type", "application/json"), ("X-A", "b"))


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n", 403),
        (b"GET / HTTP/1.1\r\nHost: evil.test:80\r\n\r\n", 403),
        (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", 403),
        (b"GET / HTTP/1.1\r\nHost: named.test\r\nConnection: close\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\nHost: [::1]:1\r\nConnection: close\r\n\r\n", 200),
    ],
)
async def test_request_has_to_name_this_machine_once(head: bytes, status: int) -> None:
    """A page with a name that resolves to this machine sends its name (RFC 9112, section 3.2)."""
    server = await serve(echo, port=0, visitors=Visitors.of(hosts=["named.test"]))
    async with connected(server) as (reader, writer):
        writer.write(head)
        assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 %d " % status)
    server.close()
    await server.wait_closed()


async def test_many_small_requests_in_one_write_are_no_long_head() -> None:
    """The head of each request is counted separately (RFC 9112, section 9.3.2)."""
    one = b"POST / HTTP/1.1\r\nHost: localhost\r\nX: %b\r\nContent-Length: 4\r\n\r\nbody" % (b"x" * 200)
    async with running(echo) as server, connected(server) as (reader, writer):
        writer.write(one * 2000 + LAST)
        received = await asyncio.wait_for(reader.read(), 20)
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 2001


@pytest.mark.parametrize("cut", [0, 3000], ids=["whole", "in pieces"])
async def test_long_head_is_refused_however_it_comes(monkeypatch: pytest.MonkeyPatch, cut: int) -> None:
    """The limit applies to many short lines and to one long line, in one read or many."""
    monkeypatch.setattr(protocol, "MAX_HEAD", 10_000)
    for fields in (b"X: y\r\n" * 2000, b"X: " + b"y" * 11_000 + b"\r\n"):
        data = b"GET / HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\n"
        pieces = [data[at : at + cut] for at in range(0, len(data), cut)] if cut else [data]
        assert (await exchange(echo, *pieces)).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("length", [b"201", b"9" * 30], ids=["little", "much"])
async def test_body_that_is_announced_too_long_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, length: bytes
) -> None:
    """A hundred bodies that never arrived took half a gigabyte."""
    monkeypatch.setattr(protocol, "MAX_BODY", 200)
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + length + b"\r\n\r\n"
    assert (await exchange(echo, head)).startswith((b"HTTP/1.1 413 ", b"HTTP/1.1 400 "))


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHo"], ids=["nothing", "half a head"])
async def test_client_that_sends_no_whole_head_is_given_up(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    """It occupies a file descriptor; a connection between two requests may be idle."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    assert (await exchange(echo, sent)).startswith(b"HTTP/1.1 408 ")
    async with running(echo) as server, connected(server) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readuntil(b"GET / ")
        await asyncio.sleep(0.5)
        writer.write(LAST)
        assert (await asyncio.wait_for(reader.read(), 5)).endswith(b"GET /last ")


async def test_lost_connection_leaves_nothing_in_memory() -> None:
    """The parser and the connection refer to each other, so that only the garbage collector frees them."""
    lost: asyncio.Future[protocol.HttpProtocol] = asyncio.get_running_loop().create_future()

    class Watched(protocol.HttpProtocol):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            lost.set_result(self)

    listener = Listener(socket.create_server(("127.0.0.1", 0)), lambda: Watched(echo))
    _reader, writer = await asyncio.open_connection(*listener.sock.getsockname())
    writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" + b"x" * 50_000)
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.close()
    assert (await asyncio.wait_for(lost, 5))._body == []
    listener.close()
    await asyncio.sleep(0)


async def test_missing_descriptors_are_logged_once_and_accepting_resumes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Clients wait meanwhile; asyncio would log thousands of tracebacks per second."""
    monkeypatch.setattr(listening, "PAUSE_SECONDS", 0.05)
    listening._warn_once.cache_clear()
    most = 0
    monkeypatch.setattr(listening, "_most_descriptors", lambda: most)
    async with running(echo) as server, connected(server) as (reader, writer):
        writer.write(LAST)
        await asyncio.sleep(0.3)
        most = 1 << 20
        assert (await asyncio.wait_for(reader.read(), 5)).endswith(b"GET /last ")
        monkeypatch.setattr(listening, "_next_descriptor", _no_descriptor)
        async with connected(server) as (another, writing):
            writing.write(LAST)
            await asyncio.sleep(0.3)
            monkeypatch.undo()
            assert (await asyncio.wait_for(another.read(), 5)).endswith(b"GET /last ")
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "No more connections are accepted until others end"
    ]


def _no_descriptor(_sock: socket.socket) -> int:
    raise OSError(errno.EMFILE, "Too many open files")
