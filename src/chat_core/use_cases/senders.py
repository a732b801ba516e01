"""Who sends: read for each frame, or remembered."""

from dataclasses import dataclass, field
from typing import Final

from chat_core.domain.connection import Session
from chat_core.errors import ConnectionClosed
from chat_core.fanout.budget import Budget
from chat_core.ports import Clock, Sessions, Sleep
from chat_core.use_cases.sender import Sender
from chat_core.wire.codecs import Codecs

_MOST_KNOWN: Final = 10_000


@dataclass(slots=True, kw_only=True)
class Senders:
    """Finds the sender of a frame.

    A plain client has one session from its handshake to its end, so that it is read once in a process: a message then
    costs one round trip less.
    """

    sessions: Sessions
    codecs: Codecs
    clock: Clock
    sleep: Sleep
    _known: dict[str, Session] = field(default_factory=dict)

    async def find(self, connection_id: str, *, opened_at: float, budget: Budget) -> Sender:
        """Return the sender.

        Raises:
            ConnectionClosed: the connection has ended.
            Unavailable: it could not be read.

        """
        session = self._known.get(connection_id)
        if session is None:
            session = await self.sessions.find(connection_id, deadline=budget.settle_by)
            if session is None:
                raise ConnectionClosed
            self._remember(session)
        return Sender(
            session=session,
            sessions=self.sessions,
            clock=self.clock,
            sleep=self.sleep,
            opened_at=opened_at,
            budget=budget,
        )

    def _remember(self, session: Session) -> None:
        codec = self.codecs.named(session.connection.codec)
        if codec is None or codec.needs_connect:
            return
        if len(self._known) >= _MOST_KNOWN:
            # The one that was read first has most likely ended.
            del self._known[next(iter(self._known))]
        self._known[session.connection.id] = session
