"""One message to everyone in a room."""

import math
from dataclasses import dataclass, replace
from typing import Any

from chat_core.model import LOBBY, FanOut
from chat_core.use_cases.delivering import BroadcastReport, RoomDelivery, render_for_all
from chat_core.use_cases.handing_on import HandOn, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What somebody said to a room."""

    sender: str
    """The connection that it came from."""
    data: Any
    """Any JSON value."""
    room: str = LOBBY
    deadline: float = math.inf
    """When to give deliveries up, on the scale of `time.monotonic()`, in seconds."""
    hand_on_at: float = math.inf
    """When to leave whoever has not been read to a worker, on the same scale; without a queue nobody is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """Deliver a message to every connection in its room, the sender included, and forget those that are gone.

    Whoever there is no time for is handed on to a worker, where there is one, and the report says so.

    Raises:
        MessageTooLarge: in some format it is too large to send; nobody has received it.
        Unavailable: the room could not be read to its end; who had been read has received it.

    """

    deliver: RoomDelivery
    hand_on: HandOn | None = None

    async def __call__(self, message: Message) -> BroadcastReport:
        payloads = render_for_all(room=message.room, sender=message.sender, data=message.data)
        report = BroadcastReport()
        rest = FanOut(id=new_id(), room=message.room, sender=message.sender, data=message.data)
        until = message.hand_on_at if self.hand_on else math.inf
        after: str | None = ""
        while after is not None:
            after = await self.deliver(
                payloads, report, room=message.room, after=after, deadline=message.deadline, until=until
            )
            if after is None or (
                self.hand_on and await self.hand_on.rest(replace(rest, after=after), report, deadline=message.deadline)
            ):
                break
            # It cannot be handed on: what time is left is used here.
            until = math.inf
        if self.hand_on:
            await self.hand_on.left(rest, report, deadline=message.deadline)
        return report
