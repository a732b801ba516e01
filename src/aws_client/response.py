"""A reader of HTTP/1.1 responses (RFC 9112), as far as AWS's endpoints and the proxies before them use the protocol.

Written by hand because every delivery reads a response: the usual one, without a body and complete in one read, is
parsed several times faster than by httptools (docs/performance.md). Anything that the RFC does not allow is refused;
tests/aws_client/test_response.py compares the reader with httptools on random input.
"""

import re
from typing import Final

from aws_client.errors import ResponseMalformed

HEAD_LIMIT: Final = 64 * 1024
LINE_LIMIT: Final = 8 * 1024
"""A longer status line is refused."""
INTERIM_LIMIT: Final = 100
"""How many interim responses, such as 100 (Continue), may precede the response."""
BODY_LIMIT: Final = 32 * 1024 * 1024
"""Twice the largest answer that DynamoDB gives (BatchGetItem, 16 MB)."""

_STATUS_LINE: Final = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: [^\r\n]*)?\r\n")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*\r\n")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[^\r\n]*)?\r\n")
_BARE_LINE_FEED: Final = re.compile(rb"(?<!\r)\n")
_LENGTH_DIGITS: Final = len(str(BODY_LIMIT))
_OK: Final = b"HTTP/1.1 200 OK\r\n"
_USUAL_FIELDS: Final = (
    rb"(?:(?![CcTt](?i:ontent-length|ransfer-encoding|onnection):)[!#$%&'*+.^_`|~0-9A-Za-z-]++:[^\r\n\0]*+\r\n"
    rb"|[Cc]onnection: keep-alive\r\n)*+"
)
_ACCEPTED: Final = re.compile(_OK + _USUAL_FIELDS + rb"[Cc]ontent-[Ll]ength: 0\r\n" + _USUAL_FIELDS + rb"\r\n")
"""If a field that frames the body is repeated or spelt differently, the reader must decide."""
_WITHOUT_BODY: Final = frozenset({204, 304})


class Response:
    """A complete response."""

    __slots__ = ("_head", "body", "keeps_alive", "status")

    def __init__(self, status: int, head: bytes, body: bytes, keeps_alive: bool = True) -> None:
        self.status = status
        self.body = body
        self.keeps_alive = keeps_alive
        """False if the server closes the connection after the response."""
        self._head = head

    def header(self, name: str) -> str:
        """Return the value of a header field: the last one if it is repeated, empty if it is missing."""
        return _fields(self._head).get(name.lower().encode(), b"").decode("latin-1")


class ResponseReader:
    """Assembles the response to one request from the data that a connection receives."""

    __slots__ = ("_chunks", "_head", "_interim", "_length", "_received", "_until_close", "_version_status")

    def __init__(self) -> None:
        self._interim = 0
        self._received = bytearray()
        self._head: bytes | None = None

    def feed(self, data: bytes) -> Response | None:
        """Add received data; return the response once it is complete.

        Raises:
            ResponseMalformed: the data is not a response, or continues after its end.

        """
        self._received += data
        if self._head is None and not self._read_head():
            return None
        return self._read_body()

    def end(self) -> Response | None:
        """Handle the end of the connection; return the response if that ends its body, else None."""
        if self._head is None or not self._until_close:
            return None
        return self._response(bytes(self._received), keeps_alive=False)

    @property
    def has_begun(self) -> bool:
        """Whether any data was received."""
        return bool(self._received) or self._head is not None

    def _read_head(self) -> bool:
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._received[: end + 2])
            del self._received[: end + 4]
            match = _STATUS_LINE.match(head)
            if match is None:
                raise ResponseMalformed("no status line")
            self._version_status = (match[1], int(match[2]))
            if self._version_status[1] >= 200:
                self._head = head[match.end() :]
                self._frame(_fields(self._head))
                return True
            # Interim responses precede the response (RFC 9110, section 15.2).
            self._interim += 1
            if self._interim > INTERIM_LIMIT:
                raise ResponseMalformed("too many interim responses")
        self._refuse_what_cannot_become_a_head()
        return False

    def _refuse_what_cannot_become_a_head(self) -> None:
        """Fail at once: the end of a malformed head would be awaited until the request times out."""
        received = self._received
        if len(received) > HEAD_LIMIT:
            raise ResponseMalformed("no end of the header section")
        if not received.startswith(b"HTTP/1.") and not b"HTTP/1.".startswith(received):
            raise ResponseMalformed("no status line")
        if _BARE_LINE_FEED.search(received):
            raise ResponseMalformed("a line that ends in LF alone")
        is_whole = b"\r\n" in received
        if (is_whole and not _STATUS_LINE.match(received)) or (not is_whole and len(received) > LINE_LIMIT):
            raise ResponseMalformed("no status line")

    def _frame(self, fields: dict[bytes, bytes]) -> None:
        """Determine how the body ends (RFC 9112, section 6.3)."""
        self._chunks: bytearray | None = None
        self._until_close = False
        self._length = 0
        coding, length = fields.get(b"transfer-encoding"), fields.get(b"content-length")
        if self._version_status[1] in _WITHOUT_BODY:
            return
        if coding is not None:
            if coding.lower() != b"chunked" or length is not None:
                raise ResponseMalformed("a body of unclear length")
            self._chunks = bytearray()
        elif length is None:
            self._until_close = True
        elif not length.isdigit() or len(length) > _LENGTH_DIGITS or int(length) > BODY_LIMIT:
            raise ResponseMalformed("a body of impossible length")
        else:
            self._length = int(length)

    def _read_body(self) -> Response | None:
        if len(self._received) > BODY_LIMIT:
            raise ResponseMalformed("a body without end")
        if self._until_close:
            return None
        if self._chunks is not None:
            return self._read_chunks(self._chunks)
        if len(self._received) < self._length:
            return None
        if len(self._received) > self._length:
            raise ResponseMalformed("something after the end")
        return self._response(bytes(self._received), keeps_alive=True)

    def _read_chunks(self, chunks: bytearray) -> Response | None:
        while match := _CHUNK.match(self._received):
            size, start = int(match[1], 16), match.end()
            if size == 0:
                return self._read_trailer(start, chunks)
            if size + len(chunks) > BODY_LIMIT:
                raise ResponseMalformed("a body of impossible length")
            end = start + size
            if len(self._received) < end + 2:
                return None
            if self._received[end : end + 2] != b"\r\n":
                raise ResponseMalformed("a chunk without end")
            chunks += self._received[start:end]
            del self._received[: end + 2]
        if b"\n" in self._received or len(self._received) > HEAD_LIMIT:
            raise ResponseMalformed("a chunk without length")
        return None

    def _read_trailer(self, start: int, chunks: bytearray) -> Response | None:
        if self._received[start : start + 2] == b"\r\n":
            end = start + 2
        else:
            found = self._received.find(b"\r\n\r\n", start)
            if found < 0:
                if len(self._received) > HEAD_LIMIT:
                    raise ResponseMalformed("no end of the trailer section")
                return None
            end = found + 4
        if len(self._received) > end:
            raise ResponseMalformed("something after the end")
        return self._response(bytes(chunks), keeps_alive=True)

    def _response(self, body: bytes, *, keeps_alive: bool) -> Response:
        head = self._head or b""
        version, status = self._version_status
        if keeps_alive:
            tokens = _fields(head).get(b"connection", b"").lower()
            keeps_alive = b"close" not in tokens and (version == b"1" or b"keep-alive" in tokens)
        return Response(status, head, body, keeps_alive)


def read_accepted(data: bytes) -> Response | None:
    """Return the response if it is that of nearly every post: a complete 200 without a body, spelt as usual.

    Return None for anything else, which a `ResponseReader` must read.
    """
    return Response(200, data[len(_OK) : -2], b"") if _ACCEPTED.fullmatch(data) else None


def _fields(head: bytes) -> dict[bytes, bytes]:
    """Return the fields of header lines. A repeated length or coding is refused; of others the last one counts."""
    fields: dict[bytes, bytes] = {}
    at = 0
    while at < len(head):
        match = _FIELD.match(head, at)
        if match is None:
            raise ResponseMalformed("a malformed header line")
        name = match[1].lower()
        if name in fields and name in {b"content-length", b"transfer-encoding"}:
            raise ResponseMalformed("a body of unclear length")
        fields[name] = match[2]
        at = match.end()
    return fields
