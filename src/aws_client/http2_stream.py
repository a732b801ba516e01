"""One request on an HTTP/2 connection, and its response."""

from aws_client.hpack import read_fields
from aws_client.response import Response
from aws_client.source import PendingRequest


class Http2Response(Response):
    """Decodes its header fields only when one is read."""

    __slots__ = ()

    def header(self, name: str) -> str:
        return read_fields(self._head).get(name.lower(), "")


class Stream:
    """The part of the response that has arrived, and the part of the request that is still to be sent."""

    __slots__ = ("block", "body", "request", "size", "unsent", "window")

    def __init__(self, request: PendingRequest, window: int) -> None:
        self.request = request
        self.block: bytes | None = None
        """The header block of the final response."""
        self.body: bytearray | None = None
        self.size = 0
        self.unsent = b""
        self.window = window

    def take(self, size: int) -> bytes:
        """Return the next part of the body, and subtract its size from the window."""
        part, self.unsent = self.unsent[:size], self.unsent[size:]
        self.window -= size
        return part
