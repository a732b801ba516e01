"""One HTTP/1.1 connection that carries one request at a time."""

import math
import socket
import ssl
from collections.abc import Callable

from aws_client.channel import Channel, as_transport_error
from aws_client.errors import ConnectionFailed, ResponseMalformed, TransportError, once_sent
from aws_client.exchange import Exchange
from aws_client.poller import Poller
from aws_client.response import Response, ResponseReader, read_accepted


class Http1Connection:
    """An open connection; `available` is called when it can take a request, `lost` once when it has ended."""

    def __init__(
        self,
        sock: socket.socket,
        *,
        poller: Poller,
        available: Callable[["Http1Connection"], object],
        lost: Callable[["Http1Connection"], None],
    ) -> None:
        self._channel = Channel(sock, poller=poller, on_readable=self._on_readable)
        self._channel.on_broken = self._end
        self._available = available
        self._lost = lost
        self.has_answered = False
        """Whether an answer has come on it: a server that only takes connections is no use."""
        self.is_given_up = False
        """Whether a request on it has taken too long, or is wanted no more."""
        self._exchange: Exchange | None = None
        self._reader: ResponseReader | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self._channel.is_open

    @property
    def is_ready(self) -> bool:
        """Whether it can be used at once: always."""
        return True

    @property
    def is_held_back(self) -> bool:
        """Whether the server takes no requests at the moment: never."""
        return False

    @property
    def places(self) -> int:
        """How many requests it carries at once."""
        return 1

    @property
    def expires(self) -> float:
        """When the request under way has taken too long, on the scale of `time.monotonic()`; never without one."""
        return math.inf if self._exchange is None else self._exchange.expires

    @property
    def tls_session(self) -> ssl.SSLSession | None:
        """What a further connection resumes."""
        return self._channel.tls_session

    def start(self, exchange: Exchange) -> bool:
        """Send a request, on a connection that is available; return whether it can take another beside it: no."""
        self._exchange = exchange
        heading = exchange.heading
        try:
            self._channel.write(
                b"%b %b HTTP/1.1\r\n%b%b\r\n\r\n%b"
                % (heading.method, exchange.path, heading.lines, exchange.signature, exchange.body)
            )
        except ConnectionFailed as exc:
            self._end(exc)
        return False

    def flush(self) -> None:
        """Send what `start` kept back: nothing, here."""

    def expire(self, now: float) -> None:
        """Give up the request under way if its time is over, and the connection with it."""
        exchange = self._exchange
        if exchange is not None and exchange.expires <= now:
            self._give_up()
            exchange.timed_out()

    def abandon(self, is_meant: Callable[[Exchange], bool]) -> None:
        """Give up the request under way if it is meant: nobody waits for its outcome any more."""
        if self._exchange is not None and is_meant(self._exchange):
            self._give_up()

    def close(self) -> None:
        """End the connection; a request under way fails."""
        self._end(ConnectionFailed("closed"))

    def _give_up(self) -> None:
        self._exchange = None
        self.is_given_up = True
        self.close()

    def _on_readable(self) -> None:
        try:
            data = self._channel.read()
            if data is None:
                return
            exchange = self._exchange
            if (
                exchange is not None
                and self._reader is None
                and (accepted := read_accepted(data)) is not None
                and not self._channel.is_writing
            ):
                self._exchange = None
                self.has_answered = True
                exchange.answered(accepted)
                self._available(self)
                return
            whole = self._read(data) if data else self._read_end()
        except Exception as exc:  # noqa: BLE001 - raised further, it would leave the requests waiting
            self._end(as_transport_error(exc))
            return
        if whole is not None:
            self._answered(whole)

    def _read(self, data: bytes) -> Response | None:
        """Take what is not a usual and whole response."""
        if self._exchange is None or self._channel.is_writing:
            raise ResponseMalformed("an answer that nobody asked for")
        if self._reader is None:
            self._reader = ResponseReader()
        return self._reader.feed(data)

    def _read_end(self) -> Response:
        response = self._reader.end() if self._reader is not None and self._exchange is not None else None
        if response is None:
            raise ConnectionFailed("closed by the server")
        return response

    def _answered(self, response: Response) -> None:
        exchange, self._exchange, self._reader = self._exchange, None, None
        self.has_answered = True
        if not response.keeps_alive:
            self.close()
        if exchange is not None:
            exchange.answered(response)
        if self._channel.is_open:
            self._available(self)

    def _end(self, error: TransportError) -> None:
        if not self._channel.is_open:
            return
        self._channel.close()
        exchange, self._exchange = self._exchange, None
        # In this order: whatever the exchange starts next must not meet this connection.
        self._lost(self)
        if exchange is not None:
            exchange.failed(once_sent(error))
