"""Delivering what is on the feed of a room, by whoever has the turn."""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from chat_core.domain.connection import AudiencePage
from chat_core.domain.events import MessagePublished
from chat_core.domain.feed import Turn
from chat_core.domain.report import Report
from chat_core.domain.room import RoomOptions, Rooms
from chat_core.errors import Unavailable
from chat_core.fanout.budget import Budget
from chat_core.fanout.round import DeliverRound
from chat_core.fanout.wake import LEASE_SECONDS, WakeRoom
from chat_core.ports import Audience, Clock, Ids, RoomFeed, RoomHistory, StartTask, Task, TurnLost

LEASE_MARGIN_SECONDS: Final = 3.0
"""For how long before its lease ends a deliverer begins nothing new, so that no late post of its own follows one of
another deliverer: posts under way, and clocks that differ."""

AfterRound = Callable[[], Awaitable[None]]
"""Called once, when the events that were on the feed at first have been delivered."""


class Prefetched:
    """The first page of an audience, read before it is known whether it is needed: beside the append."""

    def __init__(self, audience: Audience, room: str, *, start_task: StartTask, clock: Clock, deadline: float) -> None:
        self.begun_at = clock.now()
        self._pages = audience.pages(room, deadline=deadline)
        self._first: Task[AudiencePage | None] = start_task(self._read())

    async def _read(self) -> AudiencePage | None:
        return await anext(self._pages, None)

    def cancel(self) -> None:
        """Give the reading up."""
        self._first.cancel()

    async def pages(self) -> AsyncIterator[AudiencePage]:
        """Yield the first page, and read on."""
        first = await self._first
        if first is not None:
            yield first
            async for page in self._pages:
                yield page


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """Deliver everything on the feed of a room, round after round, as long as more comes and there is time.

    What there is no time for is left to a worker, who is woken. If there is none, delivering goes on to the end.

    Raises:
        Unavailable: something behind a port failed. What is on the feed stays there for the next that comes by.

    """

    feed: RoomFeed
    audience: Audience
    history: RoomHistory
    deliver: DeliverRound
    rooms: Rooms
    wake: WakeRoom
    start_task: StartTask
    clock: Clock
    ids: Ids

    async def __call__(
        self,
        turn: Turn,
        budget: Budget,
        *,
        prefetched: Prefetched | None = None,
        after_round: AfterRound | None = None,
    ) -> Report:
        """Deliver by this turn, and by those that fall to this deliverer on the way."""
        report = await self._drain(turn, budget, prefetched, after_round)
        fallen = self.deliver.to_members.turns
        while fallen:
            report += await self._drain(fallen.pop(), budget, None, None)
        return report

    async def _drain(
        self, first: Turn, budget: Budget, prefetched: Prefetched | None, after_round: AfterRound | None
    ) -> Report:
        reports: list[Report] = []
        turn: Turn | None = first
        try:
            while turn is not None:
                report, turn = await self._round(turn, budget, prefetched)
                reports.append(report)
                prefetched = None
                if after_round is not None:
                    await after_round()
                    after_round = None
                if turn is not None and self._has_to_yield(budget):
                    report, turn = await self._hand_over(turn, budget)
                    reports.append(report)
        except TurnLost:
            # Another goes on, with the same events. Whoever it is may die as well.
            await self.wake.at(first.room, self.clock.now() + LEASE_SECONDS, deadline=budget.settle_by)
            reports.append(Report(continues=True))
        except Unavailable:
            # The events stay on the feed. A worker takes the turn over when its lease has ended.
            if not await self._is_woken(first, budget):
                raise
            reports.append(Report(continues=True))
        if after_round is not None:
            await after_round()
        return Report.total(reports)

    async def _round(self, turn: Turn, budget: Budget, prefetched: Prefetched | None) -> tuple[Report, Turn | None]:
        options = self.rooms.options_if_any(turn.room)
        pages = self._pages(turn, budget, prefetched)
        recording = self._record(turn, options, budget)
        held = turn

        async def advance(cursor: str) -> Budget:
            nonlocal held
            if recording is not None:
                await recording
            served = len(turn.joiners)
            held = await self.feed.advance(held, cursor=cursor, joiners_served=served, deadline=budget.settle_by)
            return self._within_lease(held, budget)

        within = self._within_lease(turn, budget)
        try:
            report = await self.deliver.joiners(turn, options=options, budget=within)
            complete = True
            if turn.events:
                to_all, complete = await self.deliver.everyone(
                    turn, pages, options=options, budget=within, advance=advance
                )
                report += to_all
        except BaseException:
            if recording is not None:
                recording.cancel()
            raise
        if recording is not None:
            await recording
        if complete:
            following = await self.feed.finish(held, deadline=budget.settle_by)
            return report + Report(rounds=1), following
        handed_over, following = await self._hand_over(held, budget)
        return report + handed_over, following

    def _record(self, turn: Turn, options: RoomOptions, budget: Budget) -> "Task[None] | None":
        """Write the messages to the history, beside the deliveries: they leave the feed when both are done."""
        messages: Sequence[MessagePublished] = [each for each in turn.events if isinstance(each, MessagePublished)]
        if not messages or not options.keeps_history:
            return None
        return self.start_task(
            self.history.record(
                turn.room, messages, epoch=turn.epoch, ttl=options.history_ttl, deadline=budget.settle_by
            )
        )

    def _pages(self, turn: Turn, budget: Budget, prefetched: Prefetched | None) -> AsyncIterator[AudiencePage]:
        if prefetched is not None:
            if not turn.cursor and prefetched.begun_at > turn.audience_changed_at + 1:
                return prefetched.pages()
            prefetched.cancel()
        return self.audience.pages(turn.room, cursor=turn.cursor, deadline=budget.settle_by)

    def _within_lease(self, turn: Turn, budget: Budget) -> Budget:
        left = turn.until - self.clock.now() - LEASE_MARGIN_SECONDS
        deadline = min(budget.deadline, self.clock.monotonic() + left)
        yield_at = budget.yield_at if self.wake.wake_ups else math.inf
        return replace(budget, deadline=deadline, yield_at=yield_at)

    def _has_to_yield(self, budget: Budget) -> bool:
        return self.wake.wake_ups is not None and self.clock.monotonic() >= budget.yield_at

    async def _hand_over(self, turn: Turn, budget: Budget) -> tuple[Report, Turn | None]:
        """Let go of the turn, and wake a worker for the rest; return the turn again if nobody can be woken.

        In this order: a worker that came before would find the turn taken, and wait for the end of its lease.
        """
        await self.feed.release(turn, deadline=budget.settle_by)
        if await self.wake.now(turn.room, deadline=budget.settle_by):
            return Report(continues=True), None
        again = await self.feed.take(turn.room, holder=self.ids.new(), deadline=budget.settle_by)
        return Report(), again if isinstance(again, Turn) else None

    async def _is_woken(self, turn: Turn, budget: Budget) -> bool:
        """Wake a worker for the end of the lease; return False if that cannot be done."""
        if self.wake.wake_ups is None:
            return False
        try:
            await self.wake.at(turn.room, turn.until, deadline=budget.settle_by)
        except Unavailable:
            return False
        return True
