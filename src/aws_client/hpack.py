"""HPACK, the header compression of HTTP/2 (RFC 7541), as far as an AWS client needs it.

Requests: the fields that many requests share are put into the server's dynamic table once; after that, each takes one
byte. Responses: the client allows no dynamic table, so that each header block can be decoded by itself. Status 200 is
recognized by its byte. Everything else is decoded by the library `hpack`, header fields only when one is read.
"""

from functools import lru_cache
from typing import Final

from aws_client.errors import ResponseMalformed
from aws_client.signer import HeaderBlock

_STATIC_SIZE: Final = 61
_AUTHORIZATION: Final = 23
_PATH: Final = 4
STATUS_200: Final = b"\x88"
"""Indexes in the static table (RFC 7541, appendix A)."""
_NO_TABLE: Final = b"\x20"
_METHOD_POST: Final = b"\x83"
_METHOD: Final = 2
_SCHEME: Final = {False: b"\x86", True: b"\x87"}
_KNOWN_NAMES: Final = {":authority": 1, "content-length": 28, "content-type": 31}
_ENTRY_OVERHEAD: Final = 32


class RequestEncoder:
    """Encodes the requests of one connection."""

    def __init__(self, *, tls: bool) -> None:
        self._after_method = _SCHEME[tls] + _PATH_NAME
        self._start = b""
        """The encoded fields before the path."""
        self._table_size = 4096
        """The default until the server sends another size (RFC 9113, section 6.5.2)."""
        self._confirmation = b""
        """The update of the table's size, to be sent with the next request."""
        self._header_block: HeaderBlock | None = None
        """The header block whose fields are in the server's dynamic table."""
        self._after_path = b""
        """The encoded fields between the path and the signature."""

    def limit_table(self, size: int) -> None:
        """Apply the server's SETTINGS_HEADER_TABLE_SIZE; a smaller table must be confirmed (RFC 7541, section 4.2)."""
        if size < self._table_size:
            self._confirmation = _integer(size, 5, 0x20)
        self._table_size = min(self._table_size, size)
        self._header_block = None

    def encode(self, path: bytes, header_block: HeaderBlock, signature: bytes) -> bytes:
        """Return the encoded header section of a request.

        Args:
            path: the path as it is sent, percent-encoded.
            header_block: the other fields, which are sent in full only if they differ from those of the last request.
            signature: the end of the `authorization` field.

        """
        # Fields with a colon come before all others (RFC 9113, section 8.3); `:authority` is the first in the block.
        if header_block is self._header_block:
            return b"%b%b%b%b%b" % (self._start, _length(len(path)), path, self._after_path, signature)
        self._header_block = None
        self._start = _method(header_block.method) + self._after_method
        start = b"%b%b%b%b" % (self._confirmation, self._start, _length(len(path)), path)
        self._confirmation = b""
        # A secret is never indexed (RFC 7541, section 7.1.3).
        length = _length(len(header_block.authorization) + len(signature))
        authorization = b"%b%b%b" % (_AUTHORIZATION_NAME, length, header_block.authorization)
        fields = header_block.http2_fields
        if sum(len(name) + len(value) + _ENTRY_OVERHEAD for name, value in fields) > self._table_size:
            return start + b"".join(_field(0x00, 4, *each) for each in fields) + authorization + signature
        # The field added last has the lowest index.
        indexes = bytes(0x80 | (_STATIC_SIZE + at) for at in range(len(fields), 0, -1))
        self._header_block = header_block
        self._after_path = indexes + authorization
        return start + b"".join(_field(0x40, 6, *each) for each in fields) + authorization + signature


def _method(method: bytes) -> bytes:
    return _METHOD_POST if method == b"POST" else _literal(0x00, 4, _METHOD) + _string(method)


def _field(pattern: int, prefix: int, name: str, value: str) -> bytes:
    index = _KNOWN_NAMES.get(name, 0)
    named = _literal(pattern, prefix, index) if index else bytes([pattern]) + _string(name.encode())
    return named + _string(value.encode())


def _literal(pattern: int, prefix: int, index: int) -> bytes:
    return _integer(index, prefix, pattern)


def _string(value: bytes) -> bytes:
    return _length(len(value)) + value


@lru_cache(maxsize=1024)
def _length(length: int) -> bytes:
    """Encode the length of a string that is sent without Huffman coding, which would cost more time than it saves."""
    return _integer(length, 7, 0)


def _integer(value: int, prefix: int, pattern: int) -> bytes:
    """Encode an integer (RFC 7541, section 5.1)."""
    limit = (1 << prefix) - 1
    if value < limit:
        return bytes((pattern | value,))
    out = [pattern | limit]
    value -= limit
    while value >= 0x80:
        out.append(0x80 | (value & 0x7F))
        value >>= 7
    return bytes([*out, value])


_PATH_NAME: Final = _literal(0x00, 4, _PATH)
_AUTHORIZATION_NAME: Final = _literal(0x10, 4, _AUTHORIZATION)
"""A literal field that no intermediary may index either (RFC 7541, section 6.2.3)."""


def read_status(block: bytes) -> int:
    """Return the `:status` of a response's encoded header section.

    Raises:
        ResponseMalformed: it has no status of three digits, or cannot be decoded.

    """
    # A server may confirm first that it uses no dynamic table; the status follows.
    at = 1 if block[:1] == _NO_TABLE else 0
    if block[at : at + 1] == STATUS_200:
        return 200
    status = read_fields(block).get(":status", "")
    if len(status) != 3 or not status.isascii() or not status.isdigit():
        raise ResponseMalformed("no status")
    return int(status)


def read_fields(block: bytes) -> dict[str, str]:
    """Return the fields of an encoded header section; the last value of a field that is repeated.

    Raises:
        ResponseMalformed: it cannot be decoded, or refers to a dynamic table.

    """
    # Needed for errors alone, so it is not imported in a cold start.
    import hpack  # noqa: PLC0415

    try:
        return {str(name): str(value) for name, value in hpack.Decoder().decode(block)}
    except (hpack.HPACKError, UnicodeDecodeError) as exc:
        raise ResponseMalformed(f"headers that cannot be decoded: {exc}") from exc
