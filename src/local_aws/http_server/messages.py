"""HTTP requests and responses of the local stack's server."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple


class Request(NamedTuple):
    """One complete request; text is decoded as latin-1."""

    method: str
    target: str
    """As sent, for example `/dev/@connections/abc%3D?x=1`."""
    headers: tuple[tuple[str, str], ...]
    """In the order and case in which they were sent."""
    body: bytes
    peer: tuple[str, int]

    @property
    def path(self) -> str:
        """The target before its `?`."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The target after its `?`; empty if there is none."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        """Return the first value of a header; its name is case-insensitive."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A response; `serialize` adds `Content-Length` if it is missing, and `Connection` if the connection ends."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def message_response(status: int, message: str, *headers: tuple[str, str]) -> Response:
    """Return the response `{"message": message}`."""
    body = json.dumps({"message": message}, separators=(",", ":")).encode()
    return Response(status=status, body=body, headers=(("Content-Type", "application/json"), *headers))


def serialize(response: Response, *, close: bool = False, head_only: bool = False) -> bytes:
    """Return the bytes of a response; `head_only` for a HEAD request."""
    lines = [_status_line(response.status)]
    lines += [f"{name}: {value}\r\n" for name, value in response.headers]
    if response.status >= 200 and response.status not in _LENGTHLESS and not _has_length(response):
        lines.append(f"Content-Length: {len(response.body)}\r\n")
    if close:
        lines.append("Connection: close\r\n")
    lines.append("\r\n")
    head = "".join(lines).encode("latin-1", "replace")
    return head if head_only else head + response.body


def _has_length(response: Response) -> bool:
    return any(name.lower() == "content-length" for name, _ in response.headers)


def _status_line(status: int) -> str:
    return _STATUS_LINES.get(status) or f"HTTP/1.1 {status} \r\n"


_LENGTHLESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
"""RFC 9110, section 8.6: 204 must not have Content-Length, and 304 has that of a response that is not made here."""
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
