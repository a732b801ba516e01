"""One HTTP/1.1 connection, which carries one request at a time."""

import math
import socket
import ssl
from collections.abc import Callable

from aws_client.connection import Connection
from aws_client.errors import ConnectionFailed, ResponseMalformed, TransportError, once_sent
from aws_client.poller import Poller
from aws_client.response import Response, ResponseReader, read_accepted
from aws_client.socket_transport import SocketTransport, as_transport_error
from aws_client.source import PendingRequest, Source


class Http1Connection(Connection):
    """A connection with a capacity of one request."""

    def __init__(
        self,
        sock: socket.socket,
        *,
        poller: Poller,
        available: Callable[["Http1Connection"], object],
        lost: Callable[["Http1Connection"], None],
    ) -> None:
        self._available = available
        self._lost = lost
        self.has_answered = self.is_given_up = False
        self._request: PendingRequest | None = None
        self._reader: ResponseReader | None = None
        self._transport = SocketTransport(
            sock, poller=poller, on_readable=self._on_readable, on_written=self.flush, on_broken=self._end
        )

    @property
    def is_open(self) -> bool:
        return self._transport.is_open

    @property
    def is_ready(self) -> bool:
        return True

    @property
    def is_held_back(self) -> bool:
        return False

    @property
    def capacity(self) -> int:
        return 1

    @property
    def expires(self) -> float:
        return math.inf if self._request is None else self._request.expires

    @property
    def tls_session(self) -> ssl.SSLSession | None:
        return self._transport.tls_session

    def start(self, request: PendingRequest) -> bool:
        self._request = request
        header_block = request.header_block
        try:
            self._transport.write(
                b"%b %b HTTP/1.1\r\n%b%b\r\n\r\n%b"
                % (header_block.method, request.path, header_block.lines, request.signature, request.body)
            )
        except ConnectionFailed as exc:
            self._end(exc)
        return False

    def flush(self) -> None:
        # `start` keeps nothing back.
        pass

    def expire(self, now: float) -> None:
        request = self._request
        if request is not None and request.expires <= now:
            request.timed_out()
            self._give_up()

    def abandon(self, source: Source) -> None:
        if self._request is not None and self._request.source is source:
            self._give_up()

    def close(self) -> None:
        self._end(ConnectionFailed("closed"))

    def _give_up(self) -> None:
        """Drop the request and the connection: a late answer would be taken for that of the next request."""
        self._request = None
        self.is_given_up = True
        self.close()

    def _on_readable(self) -> None:
        try:
            data = self._transport.read()
            if data is None:
                return
            request = self._request
            if (
                request is not None
                and self._reader is None
                and (accepted := read_accepted(data)) is not None
                and not self._transport.is_writing
            ):
                self._request = None
                self.has_answered = True
                request.answered(accepted)
                self._available(self)
                return
            whole = self._read(data) if data else self._read_end()
        except Exception as exc:  # noqa: BLE001 - raised further, it would leave the requests waiting
            self._end(as_transport_error(exc))
            return
        if whole is not None:
            self._answered(whole)

    def _read(self, data: bytes) -> Response | None:
        """Read a response that is incomplete or unusual; return it once it is complete."""
        if self._request is None or self._transport.is_writing:
            raise ResponseMalformed("an answer without a request")
        if self._reader is None:
            self._reader = ResponseReader()
        return self._reader.feed(data)

    def _read_end(self) -> Response:
        response = self._reader.end() if self._reader is not None and self._request is not None else None
        if response is None:
            raise ConnectionFailed("closed by the server")
        return response

    def _answered(self, response: Response) -> None:
        request, self._request, self._reader = self._request, None, None
        self.has_answered = True
        if request is not None:
            request.answered(response)
        if response.keeps_alive:
            self._available(self)
        else:
            self.close()

    def _end(self, error: TransportError) -> None:
        if not self._transport.is_open:
            return
        self._transport.close()
        request, self._request = self._request, None
        if request is not None:
            request.failed(once_sent(error))
        self._lost(self)
