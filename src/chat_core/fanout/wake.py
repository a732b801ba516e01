"""Seeing to it that a room is delivered to, whoever dies."""

import math
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from chat_core.domain.feed import Appended
from chat_core.errors import Unavailable
from chat_core.ports import Clock, RoomFeed, WakeUps

MARGIN_SECONDS: Final = 1.0
"""By how much the clocks of two machines may differ, and how late a note of a wake-up may be."""

LEASE_SECONDS: Final = 10
"""About how long a lease runs. A wake-up that comes while one runs is sent again for its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeRoom:
    """Sends a wake-up for a room, unless one is known to come."""

    feed: RoomFeed
    clock: Clock
    wake_ups: WakeUps | None
    """None if nobody can be woken: what is on a feed then waits for the next that comes by."""

    async def after(self, room: str, appended: Appended, *, deadline: float) -> None:
        """See to it that what another has to deliver is delivered even if it dies.

        Raises:
            Unavailable: nobody is known to come.

        """
        now = self.clock.now()
        if self.wake_ups is None or appended.wake_up_at > now + MARGIN_SECONDS:
            return
        await self.at(room, max(appended.lease_until, now), deadline=deadline)

    async def at(self, room: str, time: float, *, deadline: float) -> None:
        """Send a wake-up that arrives a little after a time, in seconds since the epoch, and note it.

        Raises:
            Unavailable: nobody is known to come.

        """
        now = self.clock.now()
        delay = math.ceil(time - now + MARGIN_SECONDS)
        if await self._send(room, delay, deadline):
            # It comes all the same: without the note, another may be sent.
            with suppress(Unavailable):
                await self.feed.note_wake_up(room, at=now + delay, deadline=deadline)

    async def now(self, room: str, *, deadline: float) -> bool:
        """Call a worker at once; return False if that cannot be done."""
        try:
            return await self._send(room, 0, deadline)
        except Unavailable:
            return False

    async def _send(self, room: str, delay: int, deadline: float) -> bool:
        if self.wake_ups is None:
            return False
        await self.wake_ups.send(room, delay=delay, deadline=deadline)
        return True
