"""Connections that have ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from chat_core.domain.connection import ClientInfo, Session
from chat_core.domain.events import MemberLeft
from chat_core.domain.feed import Turn
from chat_core.domain.room import Rooms
from chat_core.fanout.put import PutOnFeed
from chat_core.ports import Sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class EndConnections:
    """Removes connections from every room, and puts onto the feeds of those rooms that they left.

    Raises:
        Unavailable: some membership may be left, or some room was not told. A repetition ends the memberships.

    """

    sessions: Sessions
    rooms: Rooms
    put: PutOnFeed

    async def __call__(self, connection_ids: Sequence[str], *, deadline: float) -> Sequence[Turn]:
        """End these connections; return the turns that fell to the caller."""
        turns = []
        for session in await self.sessions.close(connection_ids, deadline=deadline):
            for room in sorted(session.rooms):
                turn = await self.tell(room, session, deadline=deadline)
                if turn:
                    turns.append(turn)
        return turns

    async def tell(self, room: str, session: Session, *, deadline: float) -> Turn | None:
        """Put onto a room's feed that this client has left, if its members are told such things."""
        if not session.accepted or not self.rooms.options_if_any(room).announces:
            return None
        left = MemberLeft(room=room, member=ClientInfo.of(session.connection))
        return (await self.put(room, left, deadline=deadline)).turn
