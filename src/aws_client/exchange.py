"""A request and what is to be told of its end."""

from abc import abstractmethod
from typing import Protocol

from aws_client.errors import TransportError
from aws_client.response import Response
from aws_client.signer import Heading


class Exchange(Protocol):
    """One request; exactly one of the three methods is called, once, unless it is abandoned."""

    path: bytes
    """As it is sent, percent-encoded."""
    heading: Heading
    """The method and the header fields that it shares with other requests."""
    signature: bytes
    """What completes the heading's authorization."""
    body: bytes
    expires: float
    """When its answer comes too late, on the scale of `time.monotonic()`, in seconds."""

    @abstractmethod
    def answered(self, response: Response) -> None:
        """Take the response."""

    @abstractmethod
    def failed(self, error: TransportError) -> None:
        """Take it that the connection broke, or that there was none."""

    @abstractmethod
    def timed_out(self) -> None:
        """Take it that nothing came in time; the service may still act on the request."""


class Source(Protocol):
    """Where a pool gets its work from, one request for each place that becomes free."""

    @abstractmethod
    def take(self) -> Exchange | None:
        """Return the next request to be sent now, or None."""

    @property
    @abstractmethod
    def backlog(self) -> int:
        """How many requests could be sent now, if there were places enough."""
        ...
