"""The feed of a room: what was appended and not yet delivered, and whose turn it is to deliver it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chat_core.domain.connection import Member
from chat_core.domain.events import Event
from chat_core.domain.history import StreamPosition


class Joiner(NamedTuple):
    """A member that was told the room's past, and from when on it has to hear everything."""

    member: Member
    told: int
    """The offset up to which it was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The right to deliver to one room, until a time. It is a lease: nobody else delivers while it runs.

    A turn is for the events and the joiners that were on the feed when it was taken or last continued. What comes
    meanwhile waits for the next round.
    """

    room: str
    holder: str
    """A name that no other holder has."""
    round: int
    """Rises with each change of the turn, so that a repeated request is told from a new one."""
    until: float
    """When the lease ends, in seconds since the epoch."""
    epoch: str
    delivered: int
    """The offset up to which everything was delivered before these events."""
    events: Sequence[Event]
    """The oldest first."""
    joiners: Sequence[Joiner]
    joiners_served: int = 0
    """How many of the joiners were served in this round already, the first ones."""
    cursor: str = ""
    """Up to where in the audience the events were delivered in this round; empty at its beginning."""
    audience_changed_at: float = 0.0
    """When a joiner was last made live in an earlier round, in seconds since the epoch. What was read of the audience
    before that may lack it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What became of an event that was put on a feed."""

    position: StreamPosition
    """The place of the message; the top of the stream for an event without a place."""
    turn: Turn | None
    """The turn, if it fell to the caller; None if another has it, and will deliver the event."""
    wake_up_at: float = 0.0
    """Without the turn: when the last wake-up that was noted arrives, in seconds since the epoch; 0 if none was."""
    lease_until: float = 0.0
    """Without the turn: when the other's lease ends, in seconds since the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Another has the turn."""

    until: float
    """When the lease ends, in seconds since the epoch."""
