"""The frames of HTTP/2 (RFC 9113, sections 4 and 6): constants, writing and parsing."""

from collections.abc import Iterator
from typing import Final

from aws_client.errors import ResponseMalformed

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    0, 1, 3, 4, 5, 6, 7, 8, 9,
)  # fmt: skip
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
WHOLE: Final = END_STREAM | END_HEADERS
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_STREAMS, INITIAL_WINDOW = 1, 2, 3, 4
CANCEL: Final = (8).to_bytes(4)
REFUSED: Final = (7).to_bytes(4)
"""REFUSED_STREAM: the server has not acted on the request (RFC 9113, section 8.7)."""
LARGEST_WINDOW: Final = 2**31 - 1
LAST_STREAM: Final = 2**31 - 1
INITIAL_WINDOW_SIZE: Final = 65_535
"""How many bytes either side may send before it is allowed more (RFC 9113, section 6.9.2)."""
FRAME_SIZE: Final = 16_384
"""The largest frame unless the receiver allows more (RFC 9113, section 4.2); this client does not."""


def frame(kind: int, flags: int, number: int, payload: bytes) -> bytes:
    """Return a frame of a stream, or of the connection if the number is 0."""
    return b"%b%c%c%b%b" % (len(payload).to_bytes(3), kind, flags, number.to_bytes(4), payload)


def header_frames(number: int, block: bytes) -> Iterator[bytes]:
    """Yield the frames of a header block: one HEADERS frame, then CONTINUATION frames if it is larger than a frame."""
    parts = [block[at : at + FRAME_SIZE] for at in range(0, len(block), FRAME_SIZE)]
    for at, part in enumerate(parts):
        flags = END_HEADERS if at == len(parts) - 1 else 0
        yield frame(CONTINUATION if at else HEADERS, flags, number, part)


def window_update(increment: int) -> bytes:
    """Return the frame that allows the server to send this many more bytes on the connection."""
    return frame(WINDOW_UPDATE, 0, 0, increment.to_bytes(4))


def setting(identifier: int, value: int) -> bytes:
    """Return one setting of a SETTINGS frame."""
    return identifier.to_bytes(2) + value.to_bytes(4)


def greeting() -> bytes:
    """Return the client's first bytes: no dynamic table, no server push, windows that hold no answer back."""
    settings = setting(HEADER_TABLE_SIZE, 0) + setting(ENABLE_PUSH, 0) + setting(INITIAL_WINDOW, LARGEST_WINDOW)
    return PREFACE + frame(SETTINGS, 0, 0, settings) + window_update(LARGEST_WINDOW - INITIAL_WINDOW_SIZE)


def read_settings(payload: bytes) -> Iterator[tuple[int, int]]:
    """Yield the settings of a SETTINGS frame, as pairs of identifier and value."""
    for at in range(0, len(payload) - 5, 6):
        yield int.from_bytes(payload[at : at + 2]), int.from_bytes(payload[at + 2 : at + 6])


def unpadded(flags: int, payload: bytes, *, priority: bool = False) -> bytes:
    """Return the content of a DATA or HEADERS frame without padding and priority.

    Raises:
        ResponseMalformed: the frame is shorter than its padding and priority.

    """
    start, end = 0, len(payload)
    if flags & PADDED:
        start, end = 1, end - (payload[0] if payload else 0)
    if priority:
        start += 5
    if start > end:
        raise ResponseMalformed("more padding than frame")
    return payload[start:end]
