"""The connection behind a frame."""

from dataclasses import dataclass, field, replace
from typing import Final

from chat_core.domain.closing import BAD_REQUEST, ConnectionEnded
from chat_core.domain.connection import ClientInfo, Connection, Session
from chat_core.fanout.budget import Budget
from chat_core.ports import Clock, Sessions, Sleep

ACCEPTING_SECONDS: Final = 2.0
"""How long a command waits for the `Connect` of its client, which may be handled beside it."""
YOUNG_SECONDS: Final = 10.0
"""For how long after the handshake a command waits at all."""
_POLL_SECONDS: Final = 0.1


@dataclass(slots=True, kw_only=True)
class Sender:
    """The sender of a frame, as it was read once for the whole frame."""

    session: Session
    sessions: Sessions
    clock: Clock
    sleep: Sleep
    opened_at: float
    """When the connection was opened, in seconds since the epoch; 0 if the transport does not say."""
    budget: Budget
    accepted: bool = field(init=False)

    def __post_init__(self) -> None:
        self.accepted = self.session.accepted

    @property
    def connection(self) -> Connection:
        """The connection."""
        return self.session.connection

    @property
    def info(self) -> ClientInfo:
        """What others are told about it."""
        return ClientInfo.of(self.connection)

    def is_in(self, room: str) -> bool:
        """Return whether the sender is in the room."""
        return room in self.session.rooms

    def joined(self, room: str) -> None:
        """Take the sender as a member of the room, for the rest of the frame."""
        self.session = replace(self.session, rooms=self.session.rooms | {room})

    def accept(self, connection: Connection) -> None:
        """Take the sender as accepted, for the rest of the frame."""
        self.session = replace(self.session, connection=connection, accepted=True)
        self.accepted = True

    async def require_accepted(self) -> None:
        """Return when the sender is accepted. API Gateway hands in the frames of one client side by side.

        Raises:
            ConnectionEnded: it is not, and has had the time.
            Unavailable: the store could not be read.

        """
        give_up = self.clock.now() + ACCEPTING_SECONDS
        while not self.accepted:
            now = self.clock.now()
            if now >= give_up or now - self.opened_at > YOUNG_SECONDS:
                raise ConnectionEnded(BAD_REQUEST)
            await self.sleep(_POLL_SECONDS)
            found = await self.sessions.find(self.connection.id, deadline=self.budget.settle_by)
            if found is None:
                raise ConnectionEnded(BAD_REQUEST)
            self.session, self.accepted = found, found.accepted
