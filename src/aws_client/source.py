"""Where a pool gets its requests from, and what limits how fast it may send them.

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
    """A request under way. Exactly one of the three methods is called, once, unless the source is abandoned.

    The methods only record how the request ended. What comes next, the pool asks the source.
    """

    path: bytes
    """As it is sent, percent-encoded."""
    header_block: HeaderBlock
    """The method and the header fields that it shares with other requests."""
    signature: bytes
    """What completes the header_block's authorization."""
    body: bytes
    expires: float
    """When an answer would come too late."""

    @property
    def source(self) -> "Source":
        """The source that the request was taken from."""
        ...

    @abstractmethod
    def answered(self, response: Response) -> None:
        """Record the response."""

    @abstractmethod
    def failed(self, error: TransportError) -> None:
        """Record that the connection broke or could not be opened."""

    @abstractmethod
    def timed_out(self) -> None:
        """Record that no answer came in time; the service may still act on the request."""


class Source(Protocol):
    """Work for a pool: requests that become ready over time, until the source is finished."""

    deadline: float
    """When the source is finished at the latest, except for its requests under way."""

    @abstractmethod
    def ready(self, now: float) -> int:
        """Return how many requests could be sent now, given enough connections."""

    @abstractmethod
    def next_due(self) -> float:
        """Return when a further request becomes ready by itself; infinity if none does."""

    @abstractmethod
    def take(self, now: float) -> PendingRequest | None:
        """Return the next request, which is to be sent now; None if none is ready."""

    @abstractmethod
    def is_finished(self, now: float) -> bool:
        """Return whether nothing is left to be sent and nothing is under way."""


class Gate(Protocol):
    """Grants a permit for each request that a pool sends."""

    @abstractmethod
    def available(self, now: float) -> int:
        """Return how many permits there are now."""

    @abstractmethod
    def take(self, now: float) -> bool:
        """Take a permit; return False if there is none now."""

    @abstractmethod
    def release(self) -> None:
        """Return a permit that was not used."""

    @abstractmethod
    def next_refill(self) -> float:
        """Return when there are permits again, after `available` has returned 0."""


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
"""A gate that is always open."""
