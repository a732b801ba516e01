"""One message to everyone in a room."""

import math
from collections import Counter, deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from chat_core.errors import Unavailable
from chat_core.model import LOBBY, Format
from chat_core.ports.connection_store import ConnectionStore
from chat_core.ports.message_sink import MessageSink, Outcome, Outcomes
from chat_core.ports.tasks import StartTask, Task
from chat_core.protocol import render_message

DELIVERIES_IN_FLIGHT = 32
"""Parts of pages being delivered while the next page is read: enough that the sink has work while a connection in one
of them hangs until its time-out, few enough that memory stays bounded however large the room is."""


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


@dataclass(slots=True, kw_only=True)
class BroadcastReport:
    """What became of a message; every recipient that was read is counted in exactly one of the first three."""

    delivered: int = 0
    gone: int = 0
    failed: Counter[Outcome] = field(default_factory=Counter)
    not_forgotten: int = 0
    """How many of the gone could not be removed from the store; the next message meets them again."""

    def count(self, outcomes: Outcomes) -> None:
        """Add the outcomes of one delivery."""
        self.delivered += outcomes.delivered
        self.gone += len(outcomes.gone)
        self.failed.update(outcomes.failed.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """Deliver a message to every connection in its room, the sender included, and forget those that are gone.

    Reading and delivering overlap: while pages are being delivered, the next one is read.

    Raises:
        MessageTooLarge: in some format it is too large to send; nobody has received it.
        Unavailable: the room could not be read to its end; who had been read has received it.

    """

    store: ConnectionStore
    sink: MessageSink
    start_task: StartTask

    async def __call__(self, message: Message) -> BroadcastReport:
        payloads = {
            to: render_message(to=to, room=message.room, sender=message.sender, data=message.data) for to in Format
        }
        report = BroadcastReport()
        async with _InFlight(self.start_task) as in_flight:
            async for page in self.store.recipients(room=message.room):
                for to, connection_ids in page.items():
                    await in_flight.start(self._deliver(payloads[to], connection_ids, message.deadline, report))
        return report

    async def _deliver(
        self, payload: str, connection_ids: Sequence[str], deadline: float, report: BroadcastReport
    ) -> None:
        outcomes = await self.sink.deliver(payload=payload, connection_ids=connection_ids, deadline=deadline)
        report.count(outcomes)
        if outcomes.gone:
            try:
                await self.store.forget(connection_ids=outcomes.gone)
            except Unavailable:
                report.not_forgotten += len(outcomes.gone)


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
