"""Delivering to a room, as far as there is time: what sending a message and going on with one have in common."""

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple, Self

from chat_core.errors import Unavailable
from chat_core.model import Format, RecipientsPage
from chat_core.ports.connection_store import ConnectionStore
from chat_core.ports.message_sink import MessageSink, Outcome, Outcomes
from chat_core.ports.tasks import StartTask, Task
from chat_core.protocol import render_message
from chat_core.use_cases.times import SETTLING_SECONDS

DELIVERIES_IN_FLIGHT = 32
"""Parts of pages being delivered while the next page is read: enough that the sink has work while a connection in one
of them hangs until its time-out, few enough that memory stays bounded however large the room is."""


@dataclass(slots=True, kw_only=True)
class BroadcastReport:
    """What became of a message; every recipient that was read is counted in exactly one of the first three."""

    delivered: int = 0
    gone: int = 0
    failed: Counter[Outcome] = field(default_factory=Counter)
    retried: int = 0
    """How many posts there were besides the first to each."""
    closed: int = 0
    """How many of the slow were disconnected, so that their clients come back."""
    not_forgotten: int = 0
    """How many of the gone and the closed could not be removed from the store; the next message meets them again."""
    continues: bool = False
    """Whether a part of the room was handed on to a worker, which reports for itself."""
    left: list["Left"] = field(default_factory=list, repr=False)
    """Those of the failed that have certainly not got the message, and could."""

    def count(self, to: Format, outcomes: Outcomes) -> None:
        """Add the outcomes of one delivery."""
        self.delivered += outcomes.delivered
        self.gone += len(outcomes.gone)
        self.failed.update(outcomes.failed.values())
        self.retried += outcomes.retried
        self.left += [Left(to, each, outcome) for each, outcome in outcomes.failed.items() if outcome in _COULD]

    def summary(self) -> dict[str, object]:
        """Return the counts, for a log."""
        return {
            "delivered": self.delivered,
            "gone": self.gone,
            "failed": {str(outcome): count for outcome, count in self.failed.items()},
            "retried": self.retried,
            "closed": self.closed,
            "notForgotten": self.not_forgotten,
            "continues": self.continues,
        }

    def handed_on(self, left: Iterable["Left"]) -> None:
        """Count these no more: a worker does."""
        self.failed.subtract(each.outcome for each in left)
        self.failed += Counter()
        self.continues = True


class Left(NamedTuple):
    """A connection that there was no time for."""

    to: Format
    connection_id: str
    outcome: Outcome


_COULD = frozenset({Outcome.NOT_TRIED, Outcome.THROTTLED})


def render_for_all(*, room: str, sender: str, data: Any) -> Mapping[Format, str]:
    """Return what each client receives of a message, by its format.

    Raises:
        MessageTooLarge: in some format it is too large to send, so that nobody shall receive it.

    """
    return {to: render_message(to=to, room=room, sender=sender, data=data) for to in Format}


async def disconnect_slow(sink: MessageSink, outcomes: Outcomes, *, deadline: float) -> Sequence[str]:
    """End the connections whose clients read too slowly; return those that have ended.

    Such a client has missed a message and cannot know it. It learns it by its connection's end, and comes back.
    """
    slow = [each for each, outcome in outcomes.failed.items() if outcome is Outcome.SLOW]
    return await sink.disconnect(connection_ids=slow, deadline=deadline) if slow else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomDelivery:
    """Delivers to the members of a room, ends those that read too slowly, and forgets those that are gone.

    Reading and delivering overlap: while pages are being delivered, the next one is read.

    Raises:
        Unavailable: the room could not be read to its end; who had been read has received the message.

    """

    store: ConnectionStore
    sink: MessageSink
    start_task: StartTask
    clock: Callable[[], float] = time.monotonic

    async def __call__(
        self,
        payloads: Mapping[Format, str],
        report: BroadcastReport,
        *,
        room: str,
        after: str = "",
        deadline: float = math.inf,
        until: float = math.inf,
        at_least: float = math.inf,
    ) -> str | None:
        """Deliver to the members after a position; return where to go on, or None at the room's end.

        Args:
            payloads: what clients receive, by their format.
            report: where outcomes are counted.
            room: whose members.
            after: the id of the last member that was taken care of.
            deadline: when to give deliveries up, on the scale of `time.monotonic()`, in seconds.
            until: when to read no further page, on the same scale.
            at_least: after how many members to read no further page.

        """
        read = 0
        async with _InFlight(self.start_task) as in_flight:
            async for page in self.store.recipients(room=room, after=after, deadline=deadline + SETTLING_SECONDS):
                await self._start(page, payloads, deadline, report, in_flight)
                read += len(page)
                if read >= at_least or self.clock() >= until:
                    return page.last
        return None

    async def _start(
        self,
        page: RecipientsPage,
        payloads: Mapping[Format, str],
        deadline: float,
        report: BroadcastReport,
        in_flight: "_InFlight",
    ) -> None:
        for to, connection_ids in page.ids.items():
            await in_flight.start(self.to_members(payloads, report, to=to, ids=connection_ids, deadline=deadline))

    async def to_members(
        self,
        payloads: Mapping[Format, str],
        report: BroadcastReport,
        *,
        to: Format,
        ids: Sequence[str],
        deadline: float,
    ) -> None:
        """Deliver to these members, who read one format; the arguments are those of the call."""
        outcomes = await self.sink.deliver(payload=payloads[to], connection_ids=ids, deadline=deadline)
        report.count(to, outcomes)
        closed = await disconnect_slow(self.sink, outcomes, deadline=deadline)
        report.closed += len(closed)
        ended = [*outcomes.gone, *closed]
        if ended:
            try:
                await self.store.forget(connection_ids=ended, deadline=deadline + SETTLING_SECONDS)
            except Unavailable:
                report.not_forgotten += len(ended)


class _InFlight:
    """The deliveries under way: a bounded number, all of them ended one way or the other when the block is left."""

    def __init__(self, start_task: StartTask) -> None:
        self._start_task = start_task
        self._tasks: deque[Task[None]] = deque()

    async def start(self, delivery: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(self._start_task(delivery))
        while len(self._tasks) >= DELIVERIES_IN_FLIGHT:
            await self._tasks.popleft()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            # What a failed read found before it failed is delivered all the same; only cancellation and bugs stop it.
            while self._tasks and (exc is None or isinstance(exc, Unavailable)):
                await self._tasks.popleft()
        finally:
            while self._tasks:
                self._tasks.popleft().cancel()
