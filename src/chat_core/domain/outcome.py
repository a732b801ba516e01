"""What became of a payload at each recipient."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self


class Outcome(StrEnum):
    """What became of a payload at one recipient."""

    DELIVERED = "delivered"
    GONE = "gone"
    """The connection has ended. It will never take a payload again."""
    NOT_TRIED = "not_tried"
    """The deadline came before the recipient's turn: it certainly did not receive the payload."""
    THROTTLED = "throttled"
    """Every attempt was throttled: the recipient certainly did not receive the payload."""
    SLOW = "slow"
    """The client reads so slowly that the transport buffers nothing more for it: it certainly did not receive the
    payload. Disconnecting it makes the client come back."""
    REFUSED = "refused"
    """The transport rejected the request, for a reason that a repetition does not change."""
    TIMED_OUT = "timed_out"
    """No answer came before the deadline: the recipient may have received the payload."""
    UNAVAILABLE = "unavailable"
    """The transport failed at every attempt: the recipient may have received the payload."""
    UNKNOWN_CODEC = "unknown_codec"
    """This process does not know the codec of the connection, as can happen while a new version is deployed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What became of one payload: every connection id that it was sent to is in exactly one of the three."""

    delivered: int = 0
    gone: Sequence[str] = ()
    failed: Mapping[str, Outcome] = field(default_factory=dict)
    """Connections that may still be open, and why the payload did not reach them."""
    retried: int = 0
    """How many attempts were made besides the first one of each."""

    @classmethod
    def of(cls, outcomes: Mapping[str, Outcome], *, retried: int = 0) -> Self:
        """Sort the outcomes of single connections, by connection id."""
        gone = [connection_id for connection_id, outcome in outcomes.items() if outcome is Outcome.GONE]
        failed = {each: outcome for each, outcome in outcomes.items() if outcome not in _SETTLED}
        return cls(delivered=len(outcomes) - len(gone) - len(failed), gone=gone, failed=failed, retried=retried)


_SETTLED: Final = frozenset({Outcome.DELIVERED, Outcome.GONE})
