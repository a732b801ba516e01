"""A client says who it is, and is accepted."""

from dataclasses import dataclass

from chat_core.domain.closing import BAD_REQUEST, ConnectionEnded
from chat_core.domain.commands import Connect
from chat_core.domain.replies import Connected
from chat_core.domain.room import EVERYONE
from chat_core.fanout.budget import Budget
from chat_core.ports import Sessions
from chat_core.use_cases.answer import Answer
from chat_core.use_cases.sender import Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptClient:
    """Accept the client of an open connection, once.

    Raises:
        ConnectionEnded: it was accepted before.
        ConnectionClosed: the connection has ended.
        Unavailable: it is not known to be accepted.

    """

    sessions: Sessions

    async def __call__(self, _command: Connect, _command_id: int, sender: Sender, budget: Budget) -> Answer:
        """Accept it within the budget."""
        connection = sender.connection
        if sender.accepted or not await self.sessions.accept(connection, room=EVERYONE, deadline=budget.settle_by):
            raise ConnectionEnded(BAD_REQUEST)
        sender.accept(connection)
        return Answer(reply=Connected(client=connection.id))
