"""A worker was woken for a room."""

from dataclasses import dataclass

from chat_core.domain.feed import Held
from chat_core.domain.report import Report
from chat_core.fanout.budget import UNLIMITED, Budget
from chat_core.fanout.drain import Drain
from chat_core.fanout.wake import WakeRoom
from chat_core.ports import Ids, RoomFeed


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainRoom:
    """Deliver what is on a room's feed, unless another does. If another does, come again when its lease has ended.

    Raises:
        Unavailable: the wake-up has to come again.

    """

    feed: RoomFeed
    drain: Drain
    wake: WakeRoom
    ids: Ids

    async def __call__(self, room: str, budget: Budget = UNLIMITED) -> Report:
        """Deliver within the budget."""
        taken = await self.feed.take(room, holder=self.ids.new(), deadline=budget.settle_by)
        if taken is None:
            return Report()
        if isinstance(taken, Held):
            await self.wake.at(room, taken.until, deadline=budget.settle_by)
            return Report(continues=True)
        return await self.drain(taken, budget)
