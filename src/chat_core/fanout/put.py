"""Putting something on the feed of a room."""

from dataclasses import dataclass

from chat_core.domain.events import Event
from chat_core.domain.feed import Appended, Joiner
from chat_core.fanout.wake import WakeRoom
from chat_core.ports import Ids, RoomFeed


@dataclass(frozen=True, slots=True, kw_only=True)
class PutOnFeed:
    """Put an event, a joiner, or both on a room's feed. If another has to deliver it, see to it that somebody does.

    Raises:
        RoomBusy: nothing was put there.
        Unavailable: it may be there, or nobody may be known to come for it.

    """

    feed: RoomFeed
    wake: WakeRoom
    ids: Ids

    async def __call__(
        self, room: str, event: Event | None, *, joiner: Joiner | None = None, deadline: float
    ) -> Appended:
        """Return what became of it; with the turn, if that fell to the caller, who then has to deliver."""
        name = self.ids.new()
        appended = await self.feed.append(room, event, event_id=name, holder=name, joiner=joiner, deadline=deadline)
        if appended.turn is None:
            await self.wake.after(room, appended, deadline=deadline)
        return appended
