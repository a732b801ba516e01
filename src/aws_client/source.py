"""The interfaces between a pool and its users: requests, the sources that they come from, and a gate on their rate.

All times are on the scale of `time.monotonic()`, in seconds.
"""

import math
import sys
from abc import abstractmethod
from typing import Final, Protocol

from aws_client.errors import TransportError
from aws_client.response import Response
from aws_client.signer import HeaderBlock


class PendingRequest(Protocol):
    """A request under way. Exactly one of its three methods is called, once, unless the source is abandoned.

    The methods only record how the request ended; the pool then asks the source for the next request.
    """

    path: bytes
    """The path as it is sent, percent-encoded."""
    header_block: HeaderBlock
    """The method, and the header fields that many requests share."""
    signature: bytes
    """The end of the `authorization` field."""
    body: bytes
    expires: float
    """When the request times out."""

    @property
    def source(self) -> "Source":
        """The source that the request was taken from."""
        ...

    @abstractmethod
    def answered(self, response: Response) -> None:
        """Record the response, whatever its status."""

    @abstractmethod
    def failed(self, error: TransportError) -> None:
        """Record that the connection broke or could not be opened."""

    @abstractmethod
    def timed_out(self) -> None:
        """Record that no answer arrived in time. The service may still act on the request."""


class Source(Protocol):
    """Work for a pool: a number of requests that become ready over time."""

    deadline: float
    """When the last request may be sent; infinity for no limit."""

    @abstractmethod
    def ready(self, now: float) -> int:
        """Return how many requests could be sent now if there were enough connections."""

    @abstractmethod
    def next_due(self) -> float:
        """Return when a request becomes ready without anything else happening; infinity if never."""

    @abstractmethod
    def take(self, now: float) -> PendingRequest | None:
        """Return the next request, which the caller must send now; None if none is ready."""

    @abstractmethod
    def is_finished(self, now: float) -> bool:
        """Return whether no further request will be sent and none is under way."""


class Gate(Protocol):
    """Limits the rate of a pool: each request needs a permit."""

    @abstractmethod
    def available(self, now: float) -> int:
        """Return how many permits are available now."""

    @abstractmethod
    def take(self, now: float) -> bool:
        """Take a permit; return False if none is available now."""

    @abstractmethod
    def release(self) -> None:
        """Return a permit that was not used."""

    @abstractmethod
    def next_refill(self) -> float:
        """Return when permits become available, after `available` has returned 0."""


class _Open(Gate):
    """Limits nothing."""

    def available(self, now: float) -> int:  # noqa: ARG002
        return sys.maxsize

    def take(self, now: float) -> bool:  # noqa: ARG002
        return True

    def release(self) -> None:
        pass

    def next_refill(self) -> float:
        return -math.inf


OPEN: Final[Gate] = _Open()
"""The gate of a pool without a limit."""
