"""One request on an HTTP/2 connection, and its response."""

from aws_client.hpack import read_fields
from aws_client.response import Response
from aws_client.source import PendingRequest


class Http2Response(Response):
    """Decodes its header fields where somebody asks for one."""

    __slots__ = ()

    def header(self, name: str) -> str:
        return read_fields(self._head).get(name.lower(), "")


class Stream:
    """What has come of a response, and what is still to be sent of its request."""

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
        """Return so much of what is still to be sent; it uses the window up."""
        part, self.unsent = self.unsent[:size], self.unsent[size:]
        self.window -= size
        return part
