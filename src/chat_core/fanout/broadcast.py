"""One event to everyone in a room."""

import math
from dataclasses import dataclass, replace

from chat_core.domain.events import Event
from chat_core.domain.job import DeliveryJob, RestOfRoom
from chat_core.domain.report import Report
from chat_core.fanout.budget import UNLIMITED, Budget
from chat_core.fanout.deliver import DeliverToRoom
from chat_core.fanout.hand_off import HandOff
from chat_core.ports import Ids
from chat_core.wire.codecs import Codecs
from chat_core.wire.payloads import Payloads


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """Deliver an event to every connection in its room, the sender included, and remove those that are gone.

    If there is a queue, the members that there is no time for are handed off to a worker, and the report says so.

    Raises:
        MessageTooLarge: in some codec the event is too large to send; no member has received it.
        Unavailable: the room could not be read to its end. The members read before that have received the event.

    """

    deliver: DeliverToRoom
    codecs: Codecs
    ids: Ids
    hand_off: HandOff | None = None

    async def __call__(self, event: Event, budget: Budget = UNLIMITED) -> Report:
        """Deliver within the budget."""
        payloads = Payloads(self.codecs, event)
        if self.hand_off is None:
            unbounded = replace(budget, yield_at=math.inf)
            return (await self.deliver(payloads, room=event.room, budget=unbounded)).report
        return await self._with_queue(payloads, event, budget, self.hand_off)

    async def _with_queue(self, payloads: Payloads, event: Event, budget: Budget, hand_off: HandOff) -> Report:
        job = DeliveryJob(id=self.ids.new(), event=event, target=RestOfRoom(cursor=""))
        report, cursor = await self.deliver(payloads, room=event.room, budget=budget)
        if cursor is not None:
            if await hand_off.rest(job, cursor=cursor, budget=budget):
                report = replace(report, continues=True)
            else:
                # The queue is unavailable: the time that is left is used here.
                unbounded = replace(budget, yield_at=math.inf)
                rest = await self.deliver(payloads, room=event.room, cursor=cursor, budget=unbounded)
                report += rest.report
        return await hand_off.unreached(job, report, budget=budget)
