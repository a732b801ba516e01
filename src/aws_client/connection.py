"""The interface of a connection, as a pool uses it; one implementation for each protocol."""

import ssl
from abc import abstractmethod
from typing import Protocol

from aws_client.source import PendingRequest, Source


class Connection(Protocol):
    """An open connection that carries requests.

    The constructor takes two callbacks: `available` is called when the connection can take requests again, `lost` once
    when it has ended, after its requests have failed.
    """

    has_answered: bool
    """Whether an answer has arrived on it. A server that accepts connections and answers nothing is useless."""
    is_given_up: bool
    """Whether a request on it timed out or was abandoned."""

    @property
    def is_open(self) -> bool:
        """Whether the connection has not ended."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether the server has said how many requests it accepts; before that, none are sent."""
        ...

    @property
    def is_held_back(self) -> bool:
        """Whether the server accepts no requests for the time being."""
        ...

    @property
    def capacity(self) -> int:
        """How many requests the connection carries at once."""
        ...

    @property
    def expires(self) -> float:
        """When `expire` has something to give up, on the scale of `time.monotonic()` in seconds; infinity if never."""
        ...

    @property
    def tls_session(self) -> ssl.SSLSession | None:
        """The session that a further connection can resume; None without TLS."""
        ...

    @abstractmethod
    def start(self, request: PendingRequest) -> bool:
        """Accept a request, to be sent by the next `flush` at the latest; return whether there is capacity for another.

        Must be called only while there is capacity.
        """

    @abstractmethod
    def flush(self) -> None:
        """Send the requests that `start` has kept back."""

    @abstractmethod
    def expire(self, now: float) -> None:
        """Give up everything on the connection that has taken too long by this time."""

    @abstractmethod
    def abandon(self, source: Source) -> None:
        """Drop the requests of a source without calling any of their methods."""

    @abstractmethod
    def close(self) -> None:
        """End the connection. Its requests fail."""
