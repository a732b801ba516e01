"""Deliveries under way beside the reading of the next page."""

from collections import deque
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Final, Self

from chat_core.domain.report import Report
from chat_core.errors import Unavailable
from chat_core.ports import StartTask, Task

DELIVERIES_IN_FLIGHT: Final = 32
"""Parts of pages being delivered while the next page is read: enough that the sink has work while a connection in one
of them hangs until its time-out, few enough that memory stays bounded however large the room is."""


class InFlight:
    """The deliveries under way: a bounded number, each of them finished or cancelled when the block is left."""

    def __init__(self, start_task: StartTask) -> None:
        self._start_task = start_task
        self._tasks: deque[Task[Report]] = deque()
        self.reports: list[Report] = []
        """Those of the finished deliveries; of all of them once the block is left."""

    async def start(self, delivery: Coroutine[Any, Any, Report]) -> None:
        """Start a delivery, as soon as fewer than `DELIVERIES_IN_FLIGHT` are under way."""
        self._tasks.append(self._start_task(delivery))
        while len(self._tasks) >= DELIVERIES_IN_FLIGHT:
            self.reports.append(await self._tasks.popleft())

    async def settled(self) -> None:
        """Wait until none is under way."""
        while self._tasks:
            self.reports.append(await self._tasks.popleft())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            # The members read before a failed read still receive the events; only cancellation and bugs stop that.
            if exc is None or isinstance(exc, Unavailable):
                await self.settled()
        finally:
            while self._tasks:
                self._tasks.popleft().cancel()
