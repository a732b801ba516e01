"""A client sends a message to a room."""

from dataclasses import dataclass

from chat_core.domain.commands import SendMessage
from chat_core.domain.events import MessagePublished
from chat_core.domain.replies import Sent
from chat_core.errors import TooManyRequests
from chat_core.fanout.broadcast import Broadcast
from chat_core.fanout.budget import Budget
from chat_core.ports import RateLimiter
from chat_core.use_cases.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessageToRoom:
    """Deliver a message to everyone in a room, the sender included.

    Raises:
        TooManyRequests: the sender exceeds its rate.
        MessageTooLarge: no member has received the message.
        Unavailable: the message could not be counted, or the room not be read to its end.

    """

    broadcast: Broadcast
    limiter: RateLimiter | None = None
    """Holds each connection to a rate; None if there is no such limit."""

    async def __call__(self, command: SendMessage, session: Session, budget: Budget) -> Sent:
        """Send within the budget."""
        sender = session.connection_id
        if self.limiter and not await self.limiter.admit(sender=sender, deadline=budget.settle_by):
            raise TooManyRequests
        report = await self.broadcast(MessagePublished(room=command.room, sender=sender, data=command.data), budget)
        return Sent(sender=sender, report=report)
