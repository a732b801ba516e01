"""The port to the memberships of rooms."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    # Values that a chat may never need are not imported in a cold start.
    from chat_core.domain.connection import Member


class Before(NamedTuple):
    """What a member was before it joined."""

    present: bool
    """Whether it was a member already, so that nobody has to be told that it joined."""
    missed: int | None
    """The lowest offset that it missed, as `Subscriptions.miss` has noted it; None if it missed nothing."""


class Subscriptions(Protocol):
    """Who is in a room, written command by command.

    The commands of one client have ids that rise, and may be done side by side: of two commands for the same room, the
    one with the higher id wins, whichever is done first.
    Visibility, `Unavailable`, repetition and `deadline` are as in `Sessions`.
    """

    @abstractmethod
    async def join(self, room: str, member: "Member", *, most_rooms: int, deadline: float = math.inf) -> Before:
        """Make an accepted connection a member that is present, and not delivered to before `activate`.

        A member that joins again, with a higher command id, is not delivered to again before `activate`.
        A process that dies meanwhile may leave a member that nobody activates, but none that `Sessions.close` misses.

        Raises:
            ConnectionClosed: the connection was closed.
            LimitExceeded: it is in `most_rooms` rooms already, and not in this one.
            Superseded: a command with a higher id has been done for this room.

        """
        ...

    @abstractmethod
    async def leave(
        self, room: str, connection_id: str, *, command: int, deadline: float = math.inf
    ) -> "Member | None":
        """End a membership, so that no join with a lower command id makes it again within the next minute at least.

        Returns:
            What has ended by this call, or None if the connection was no member. Its command may be this one's.

        Raises:
            Superseded: a command with a higher id has been done for this room.

        """

    @abstractmethod
    async def activate(self, room: str, members: "Sequence[Member]", *, deadline: float = math.inf) -> None:
        """Deliver to these members from now on, unless they missed something meanwhile.

        A member whose membership has another command id by now, or has ended, is left as it is.
        """

    @abstractmethod
    async def miss(self, room: str, connection_ids: Sequence[str], *, offset: int, deadline: float = math.inf) -> None:
        """Note that these members missed the message at this offset, unless they missed an earlier one.

        They are not delivered to from now on, until they join again. Whoever is no member is left out.
        """

    @abstractmethod
    async def drop(self, room: str, connection_ids: Sequence[str], *, deadline: float = math.inf) -> None:
        """Delete whatever there is of these connections in this room: they have ended."""
