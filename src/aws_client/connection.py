"""What a pool knows of a connection, whatever protocol it speaks."""

import ssl
from abc import abstractmethod
from typing import Protocol

from aws_client.source import PendingRequest, Source


class Connection(Protocol):
    """An open connection.

    It is made with two callbacks: `available` is called when it can take requests again, `lost` once when it has ended,
    after its requests have failed.
    """

    has_answered: bool
    """Whether an answer has come on it: a server that only accepts connections is of no use."""
    is_given_up: bool
    """Whether a request on it timed out or was abandoned."""

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether the server has said how many requests it takes."""
        ...

    @property
    def is_held_back(self) -> bool:
        """Whether the server takes no requests for the time being."""
        ...

    @property
    def capacity(self) -> int:
        """How many requests it carries at once."""
        ...

    @property
    def expires(self) -> float:
        """When something on it has taken too long, on the scale of `time.monotonic()`; infinity for nothing."""
        ...

    @property
    def tls_session(self) -> ssl.SSLSession | None:
        """The session that a further connection can resume."""
        ...

    @abstractmethod
    def start(self, request: PendingRequest) -> bool:
        """Take a request while there is capacity, to be sent by `flush` at the latest; return whether more fit in."""

    @abstractmethod
    def flush(self) -> None:
        """Send what `start` kept back."""

    @abstractmethod
    def expire(self, now: float) -> None:
        """Give up whatever has taken too long."""

    @abstractmethod
    def abandon(self, source: Source) -> None:
        """Drop the requests of a source; none of their methods is called."""

    @abstractmethod
    def close(self) -> None:
        """End the connection; its requests fail."""
