"""Delivering to a room, as far as there is time: what a broadcast and a worker have in common."""

import math
from collections import deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from chat_core.domain.outcome import Outcome, Outcomes
from chat_core.domain.report import Report
from chat_core.errors import Unavailable
from chat_core.fanout.budget import Budget
from chat_core.ports import Clock, ConnectionStore, MessageSink, StartTask, Task
from chat_core.wire.payloads import Payloads

DELIVERIES_IN_FLIGHT: Final = 32
"""Parts of pages being delivered while the next page is read: enough that the sink has work while a connection in one
of them hangs until its time-out, few enough that memory stays bounded however large the room is."""


class Delivered(NamedTuple):
    """What became of the members that were read, and where to continue."""

    report: Report
    cursor: str | None
    """None at the room's end."""


async def disconnect_slow(sink: MessageSink, outcomes: Outcomes, *, deadline: float) -> Sequence[str]:
    """Disconnect the recipients that read too slowly; return those that have ended.

    Such a client has missed a message without knowing. The end of its connection tells it, and it comes back.
    """
    slow = [each for each, outcome in outcomes.failed.items() if outcome is Outcome.SLOW]
    return await sink.disconnect(connection_ids=slow, deadline=deadline) if slow else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverToRoom:
    """Delivers to the members of a room, disconnects slow recipients, and removes those that are gone.

    Reading and delivering overlap: while pages are being delivered, the next one is read.

    Raises:
        Unavailable: the room could not be read to its end. The members read before that have received the event.

    """

    store: ConnectionStore
    sink: MessageSink
    start_task: StartTask
    clock: Clock

    async def __call__(
        self, payloads: Payloads, *, room: str, cursor: str = "", budget: Budget, stop_after: float = math.inf
    ) -> Delivered:
        """Deliver to the members after a cursor, until the room's end, `budget.yield_at`, or `stop_after` members.

        Args:
            payloads: what recipients receive.
            room: whose members.
            cursor: where to begin, as `AudiencePage.next_cursor` has it; empty for the first member.
            budget: when to stop.
            stop_after: after how many members to read no further page.

        """
        read = 0
        async with _InFlight(self.start_task) as in_flight:
            pages = self.store.recipients(room=room, cursor=cursor, deadline=budget.settle_by)
            async for page in pages:
                for codec, connection_ids in page.ids.items():
                    await in_flight.start(
                        self.to_recipients(payloads, codec=codec, connection_ids=connection_ids, budget=budget)
                    )
                read += len(page)
                if read >= stop_after or self.clock.monotonic() >= budget.yield_at:
                    next_cursor: str | None = page.next_cursor
                    break
            else:
                next_cursor = None
        return Delivered(Report.total(in_flight.reports), next_cursor)

    async def to_recipients(
        self, payloads: Payloads, *, codec: str, connection_ids: Sequence[str], budget: Budget
    ) -> Report:
        """Deliver to these connections, which all have the same codec."""
        if not payloads.knows(codec):
            failed = dict.fromkeys(connection_ids, Outcome.UNKNOWN_CODEC)
            return Report.of(codec, Outcomes(failed=failed))
        payload = payloads.encoded(codec)
        if payload is None:
            return Report()
        outcomes = await self.sink.deliver(payload=payload, connection_ids=connection_ids, deadline=budget.deadline)
        closed = await disconnect_slow(self.sink, outcomes, deadline=budget.deadline)
        report = replace(Report.of(codec, outcomes), closed=len(closed))
        ended = [*outcomes.gone, *closed]
        if ended:
            try:
                await self.store.remove(connection_ids=ended, deadline=budget.settle_by)
            except Unavailable:
                return replace(report, not_removed=len(ended))
        return report


class _InFlight:
    """The deliveries under way: a bounded number, each of them finished or cancelled when the block is left."""

    def __init__(self, start_task: StartTask) -> None:
        self._start_task = start_task
        self._tasks: deque[Task[Report]] = deque()
        self.reports: list[Report] = []
        """Those of the finished deliveries; of all of them once the block is left."""

    async def start(self, delivery: Coroutine[Any, Any, Report]) -> None:
        self._tasks.append(self._start_task(delivery))
        while len(self._tasks) >= DELIVERIES_IN_FLIGHT:
            self.reports.append(await self._tasks.popleft())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            # The members read before a failed read still receive the event; only cancellation and bugs stop that.
            while self._tasks and (exc is None or isinstance(exc, Unavailable)):
                self.reports.append(await self._tasks.popleft())
        finally:
            while self._tasks:
                self._tasks.popleft().cancel()
