"""The port to whatever carries messages to connections."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, Self


class Outcome(StrEnum):
    """What became of a message to one connection."""

    DELIVERED = "delivered"
    GONE = "gone"
    """The connection has ended; it will never take a message again."""
    NOT_TRIED = "not_tried"
    """The deadline came before its turn: it has certainly not got the message."""
    THROTTLED = "throttled"
    """The sender's requests were too many at every attempt: the connection has certainly not got the message."""
    SLOW = "slow"
    """Its client reads so slowly that the transport keeps nothing more for it: it has certainly not got the message. It
    is better disconnected, so that the client comes back."""
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What became of one payload: every connection id that was asked for is in exactly one of the three."""

    delivered: int = 0
    gone: Sequence[str] = ()
    failed: Mapping[str, Outcome] = field(default_factory=dict)
    """Connections that may still be there, and why the message did not reach them."""
    retried: int = 0
    """How many attempts there were besides the first ones."""

    @classmethod
    def of(cls, outcomes: Mapping[str, Outcome], *, retried: int = 0) -> Self:
        """Sort the outcomes of single connections, by connection id."""
        gone = [connection_id for connection_id, outcome in outcomes.items() if outcome is Outcome.GONE]
        failed = {each: outcome for each, outcome in outcomes.items() if outcome not in _SETTLED}
        return cls(delivered=len(outcomes) - len(gone) - len(failed), gone=gone, failed=failed, retried=retried)


_SETTLED = frozenset({Outcome.DELIVERED, Outcome.GONE})


class MessageSink(Protocol):
    """Carries one payload to many connections, each independently of the others.

    A connection that is slow, gone or throttled neither delays nor fails the others. Delivery is at most once for
    every outcome that is certain; where a transport cannot tell whether a payload was taken, its adapter says which
    way it errs. Two payloads handed in one after the other may overtake each other.
    """

    @abstractmethod
    async def deliver(self, *, payload: str, connection_ids: Sequence[str], deadline: float) -> Outcomes:
        """Deliver the payload to each connection; return when every outcome is known.

        Never raises for what happens to a delivery: that is its outcome.

        Args:
            payload: what the client receives, as text.
            connection_ids: without repetition; may be empty.
            deadline: on the scale of `time.monotonic()`, in seconds; what is not settled soon
                after it has failed.

        """
        ...

    @abstractmethod
    async def disconnect(self, *, connection_ids: Sequence[str], deadline: float) -> Sequence[str]:
        """End the connections; return those that have certainly ended, whoever ended them.

        Never raises for what happens to one of them; the arguments are those of `deliver`.
        """
        ...
