"""Going on with a broadcast that was too large for whoever began it."""

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from chat_core.errors import Unavailable
from chat_core.model import FanOut, Format, Position
from chat_core.ports.fan_out_progress import FanOutProgress
from chat_core.use_cases.delivering import BroadcastReport, RoomDelivery, render_for_all
from chat_core.use_cases.handing_on import HandOn
from chat_core.use_cases.times import SETTLING_SECONDS

CHUNK = 5000
"""Members between two notes of the position, and so at most this many (and the rest of a page) receive a message twice
when a worker dies: half a second of an account's quota."""


async def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinueFanOut:
    """Deliver a message to the rest of its room, in chunks; what there is no time for is handed on again.

    The position is noted after each chunk. Whoever takes the fan-out up again after a death goes on from there; and
    of two that work on the same one, which a queue that delivers at least once may bring about, the slower one stops
    at the end of its chunk.

    Raises:
        Unavailable: it could not go on; the fan-out is to be tried again.

    """

    deliver: RoomDelivery
    hand_on: HandOn
    progress: FanOutProgress
    chunk: int = CHUNK

    async def __call__(
        self,
        fan_out: FanOut,
        *,
        deadline: float = math.inf,
        hand_on_at: float = math.inf,
        after_chunk: Callable[[], Awaitable[None]] = _nothing,
    ) -> BroadcastReport:
        """Go on.

        Args:
            fan_out: what is left.
            deadline: when to give deliveries up, on the scale of `time.monotonic()`, in seconds.
            hand_on_at: when to leave what is left then to another worker, on the same scale.
            after_chunk: awaited after each chunk, for whoever waits for a sign of life.

        """
        report = BroadcastReport()
        times = _Times(deadline, hand_on_at, after_chunk)
        payloads = render_for_all(room=fan_out.room, sender=fan_out.sender, data=fan_out.data)
        if fan_out.members is None:
            await self._rest(fan_out, payloads, report, times)
        else:
            for to, ids in fan_out.members.items():
                await self.deliver.to_members(payloads, report, to=to, ids=ids, deadline=deadline)
        await self.hand_on.left(fan_out, report, deadline=deadline)
        return report

    async def _rest(
        self, fan_out: FanOut, payloads: Mapping[Format, str], report: BroadcastReport, times: "_Times"
    ) -> None:
        settle_by = times.deadline + SETTLING_SECONDS
        position = await self.progress.position(fan_out=fan_out.id, deadline=settle_by) or Position(after=fan_out.after)
        while position.after is not None:
            after = await self.deliver(
                payloads, report, room=fan_out.room, after=position.after, deadline=times.deadline, at_least=self.chunk
            )
            position = Position(step=position.step + 1, after=after)
            if not await self.progress.move(fan_out=fan_out.id, to=position, deadline=settle_by):
                break
            await times.after_chunk()
            if position.after is not None and self.deliver.clock() >= times.hand_on_at:
                rest = replace(fan_out, after=position.after)
                if not await self.hand_on.rest(rest, report, deadline=times.deadline):
                    raise Unavailable("The rest could not be handed on.")
                break


@dataclass(frozen=True, slots=True)
class _Times:
    """When what is to happen; see the call."""

    deadline: float
    hand_on_at: float
    after_chunk: Callable[[], Awaitable[None]]
