"""The port to the feeds of rooms: order, and one deliverer at a time."""

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # Values that a chat may never need are not imported in a cold start.
    from chat_core.domain.events import Event
    from chat_core.domain.feed import Appended, Held, Joiner, Turn
    from chat_core.domain.history import Stream


class TurnLost(Exception):
    """The lease of the turn ended, and another has taken the turn. What was to be done will be done by it."""


class RoomFeed(Protocol):
    """What was appended to each room and is not delivered yet, and whose turn it is to deliver it.

    A room has one deliverer at a time: whoever holds the turn. It delivers everything that is on the feed, takes it
    off, and goes on as long as more has come meanwhile. A turn is a lease. If it runs out, the next that comes by takes
    the turn over, and begins with the same events at the same cursor. So nothing is skipped, and at worst something is
    repeated, at the same offset.

    What a call has changed is durable when it returns, and seen by every later call, whichever process makes it.
    Every method may raise `Unavailable`. The caller may repeat it then with the same arguments: a request whose answer
    was lost takes effect once. `deadline` is when to give up, on the scale of `time.monotonic()`, in seconds.
    `holder` is a name that the caller has from `Ids`, for this one call. A feed that is not used expires.
    """

    @abstractmethod
    async def append(
        self,
        room: str,
        event: "Event | None",
        *,
        event_id: str,
        holder: str,
        joiner: "Joiner | None" = None,
        deadline: float = math.inf,
    ) -> "Appended":
        """Put an event, a joiner, or both on the room's feed, and take the turn if nobody has it or its lease is over.

        A `MessagePublished` receives the next offset of the stream. Other events have none.

        Args:
            room: whose feed.
            event: what happened; None for a joiner alone.
            event_id: the event's or joiner's own, from `Ids`: an append that is repeated with it is done once. Those of
                the last 32 appends to a room are known.
            holder: the caller's name as a deliverer.
            joiner: a member that has heard everything up to a position.
            deadline: see above.

        Raises:
            RoomBusy: too much is on the feed already; nothing was appended.

        """
        ...

    @abstractmethod
    async def take(self, room: str, *, holder: str, deadline: float = math.inf) -> "Turn | Held | None":
        """Take the turn if there is anything to deliver and nobody has it or its lease is over.

        Returns:
            The turn; or who else has it; or None if there is nothing to deliver.

        """

    @abstractmethod
    async def advance(self, turn: "Turn", *, cursor: str, joiners_served: int, deadline: float = math.inf) -> "Turn":
        """Renew the lease in the middle of a round, and note how far the round has come.

        Raises:
            TurnLost: another has taken the turn.

        """
        ...

    @abstractmethod
    async def finish(self, turn: "Turn", *, deadline: float = math.inf) -> "Turn | None":
        """End a round: take its events and joiners off the feed; go on with what has come meanwhile.

        Returns:
            The turn with the next events and a new lease, or None if there are none: the turn is given up then. One
            atomic change decides.

        Raises:
            TurnLost: another has taken the turn.

        """

    @abstractmethod
    async def release(self, turn: "Turn", *, deadline: float = math.inf) -> None:
        """Give the turn up in the middle of a round, for another to take it at the place that was noted last.

        A turn that another has taken meanwhile is left as it is.
        """

    @abstractmethod
    async def note_wake_up(self, room: str, *, at: float, deadline: float = math.inf) -> None:
        """Note that a wake-up for this room arrives at a time, in seconds since the epoch, so that no other is sent."""

    @abstractmethod
    async def stream(self, room: str, *, deadline: float = math.inf) -> "Stream":
        """Return the room's stream as it is now. A room that never had one has one from now on."""
        ...
