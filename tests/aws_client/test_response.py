"""How HTTP/1.1 responses are read."""

from typing import Any

import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_client import Response, ResponseMalformed
from aws_client.response import HEAD_LIMIT, ResponseReader, read_accepted


def read(data: bytes, step: int) -> Response | None:
    """Read data in pieces of the given size, until the connection is closed."""
    reader = ResponseReader()
    for at in range(0, len(data), step):
        response = reader.feed(data[at : at + step])
        if response is not None:
            if at + step < len(data):
                raise ResponseMalformed("something after the end")
            return response
    return reader.end()


WELL_FORMED = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, b"", True),
    (b"HTTP/1.1 410 Gone\r\ncontent-length:4\r\nX: y\r\n\r\nbody", 410, b"body", True),
    (b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", 200, b"x", True),
    (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", 200, b"x", False),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, b"x", False),
    (b"HTTP/1.1 200 OK\r\n\r\nto the end", 200, b"to the end", False),
    (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", True),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nbody\r\n0\r\n\r\n", 200, b"body", True),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\nT: v\r\n\r\n",
        200,
        b"0123456789",
        True,
    ),
]


@pytest.mark.parametrize("step", [1, 7, 10_000])
@pytest.mark.parametrize(("data", "status", "body", "keeps_alive"), WELL_FORMED)
def test_response_is_read_however_it_comes(data: bytes, status: int, body: bytes, keeps_alive: bool, step: int) -> None:
    """It may arrive whole or in pieces."""
    response = read(data, step)
    assert response is not None
    assert (response.status, response.body, response.keeps_alive) == (status, body, keeps_alive)


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK",
        b"x" * (HEAD_LIMIT + 1),
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 1_100,
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1000000\r\n%b\r\n" % bytes(1 << 24) * 3,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"a: b\r\n" * (HEAD_LIMIT // 6 + 1),
    ],
)
def test_what_is_no_response_is_refused(data: bytes) -> None:
    """Anything after it on the connection could be taken for the answer to another request."""
    with pytest.raises(ResponseMalformed):
        read(data, 10_000_000)


@pytest.mark.parametrize(
    "data",
    [
        b"x" * 300,
        b"\x16\x03\x01\x00\x05hello",
        b"HTTP/2",
        b"HTTP/1.1 twohundred\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\n\n",
        b"\n",
        b"HTTP/1.1 200 " + b"x" * 10_000,
    ],
    ids=["garbage", "TLS", "another version", "no status", "LF alone", "LF in the head", "an empty line", "no end"],
)
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_what_cannot_become_a_response_is_refused_at_once(data: bytes, step: int) -> None:
    """Otherwise its end would be awaited until the request times out."""
    with pytest.raises(ResponseMalformed):
        read(data, step)


@pytest.mark.parametrize(
    "fields",
    [
        b"X: a\r\n b\r\n",
        b"X: a\r\n\tb\r\n",
        b"X: a\0b\r\n",
        b"X: a\nb\r\n",
        b"X: a\rb\r\n",
        b"no colon\r\n",
        b": no name\r\n",
        b"X : a\r\n",
        b"Connection: close\r\n",
        b"content-length: 0\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"CONTENT-LENGTH: 3\r\n",
    ],
)
def test_what_is_unusual_is_not_accepted_unread(fields: bytes) -> None:
    """The reader decides on forbidden characters (RFC 9112, section 5) and on fields that frame the body."""
    for data in (fields + b"Content-Length: 0\r\n", b"Content-Length: 0\r\n" + fields):
        assert read_accepted(b"HTTP/1.1 200 OK\r\n" + data + b"\r\n") is None


def test_usual_answer_is_accepted_unread() -> None:
    """It has the fields that API Gateway sends."""
    head = b"HTTP/1.1 200 OK\r\nDate: today\r\nContent-Length: 0\r\nConnection: keep-alive\r\nx-amz-id: a=\r\n\r\n"
    response = read_accepted(head)
    assert response is not None
    assert (response.header("x-amz-id"), response.keeps_alive) == ("a=", True)


def test_interim_responses_come_before_the_response() -> None:
    """There may be several interim responses (RFC 9110, section 15.2)."""
    data = b"HTTP/1.1 100 Continue\r\n\r\n" * 5 + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    for step in (1, 10_000):
        response = read(data, step)
        assert response is not None
        assert response.status == 200


def test_half_a_response_is_none() -> None:
    """The connection broke before the end of the response."""
    assert read(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhalf", 1) is None


def test_headers_are_found_in_any_case() -> None:
    """Field names are case-insensitive (RFC 9110, section 5.1)."""
    response = read(b"HTTP/1.1 403 Forbidden\r\nX-Amzn-ErrorType: Forbidden \r\nContent-Length: 0\r\n\r\n", 1000)
    assert response is not None
    assert (response.header("x-amzn-errortype"), response.header("missing")) == ("Forbidden", "")


PIECES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 404 \r\n", b"HTTP/1.1 204 No Content\r\n", b"HTTP/1.1 503 x\r\n",
        b"Content-Length: 3\r\n", b"content-length:0\r\n", b"Content-Length:  3 \r\n", b"Content-Length: 03\r\n",
        b"Content-Length: 0\r\n", b"Connection: keep-alive\r\n", b"Connection: close\r\n", b"X-Odd: \r\n",
        b"Date: today\r\n",
        b"Transfer-Encoding: chunked\r\n", b"\r\n", b"abc", b"3\r\nabc\r\n", b"0\r\n\r\n",
    ]
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=7), st.integers(min_value=1, max_value=40))
def test_what_is_read_is_what_a_full_parser_reads(pieces: list[bytes], step: int) -> None:
    """A response that our reader accepts is the one that httptools finds; pieces give the same result as the whole."""
    data = b"".join(pieces)
    try:
        response = read(data, step)
    except ResponseMalformed:
        response = None
    at_once = read_accepted(data)
    if at_once is not None:
        assert response is not None
        assert (response.status, response.body) == (at_once.status, at_once.body)
    if response is not None:
        assert by_httptools(data) == (response.status, response.body)


def by_httptools(data: bytes) -> tuple[int, bytes]:
    body: list[bytes] = []

    class Taken:
        def on_body(self, part: bytes) -> None:
            body.append(part)

    parser: Any = httptools.HttpResponseParser(Taken())
    parser.feed_data(data)
    return parser.get_status_code(), b"".join(body)
