"""One message to everyone in a room."""

import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chat_core.errors import Unavailable
from chat_core.model import LOBBY, FanOut
from chat_core.ports.fan_out_queue import FanOutQueue
from chat_core.use_cases.delivering import BroadcastReport, RoomDelivery, render_for_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What somebody said to a room."""

    sender: str
    """The connection that it came from."""
    data: Any
    """Any JSON value."""
    room: str = LOBBY
    deadline: float = math.inf
    """When to give up, on the scale of `time.monotonic()`, in seconds."""
    hand_on_at: float = math.inf
    """When to leave whoever has not been read to a worker, on the same scale; without a queue nobody is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """Deliver a message to every connection in its room, the sender included, and forget those that are gone.

    A room too large for the time there is: its rest is handed on, and the report says so.

    Raises:
        MessageTooLarge: in some format it is too large to send; nobody has received it.
        Unavailable: the room could not be read to its end; who had been read has received it.

    """

    deliver: RoomDelivery
    queue: FanOutQueue | None = None
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex

    async def __call__(self, message: Message) -> BroadcastReport:
        payloads = render_for_all(room=message.room, sender=message.sender, data=message.data)
        report = BroadcastReport()
        after: str | None = ""
        until = message.hand_on_at if self.queue else math.inf
        while after is not None:
            after = await self.deliver(
                payloads, report, room=message.room, after=after, deadline=message.deadline, until=until
            )
            if after is None or await self._hand_on(message, after):
                report.continues = after is not None
                break
            # It cannot be handed on: what time is left is used here.
            until = math.inf
        return report

    async def _hand_on(self, message: Message, after: str) -> bool:
        fan_out = FanOut(id=self.new_id(), room=message.room, sender=message.sender, data=message.data, after=after)
        try:
            if self.queue is not None:
                await self.queue.hand_on(fan_out)
        except Unavailable:
            return False
        return self.queue is not None
