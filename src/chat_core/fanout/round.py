"""One round of delivering to a room: to those that join, and then to everyone."""

import math
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from chat_core.domain.connection import AudiencePage, Group, Waiting
from chat_core.domain.events import MessagePublished
from chat_core.domain.feed import Joiner, Turn
from chat_core.domain.report import Report
from chat_core.domain.room import RoomOptions
from chat_core.fanout.budget import Budget
from chat_core.fanout.in_flight import InFlight
from chat_core.fanout.members import DeliverToMembers
from chat_core.fanout.unsent import Unsent
from chat_core.ports import Clock, RoomHistory, StartTask, Subscriptions
from chat_core.wire.batch import Batch
from chat_core.wire.codecs import Codecs

CHUNK: Final = 5000
"""Members between two notes of how far a round has come, and so the most (with the rest of a page) that receive its
events twice if a deliverer dies: half a second of an account's quota."""

MOST_BEHIND: Final = 1000
"""Messages that a joiner may have fallen behind by. One that is further behind subscribes again."""

ORPHAN_SECONDS: Final = 60.0
"""How long after it began to join a member counts as forgotten. No function that joins lives as long."""

Advance = Callable[[str], Awaitable[Budget]]
"""Notes the cursor that a round has come to, and renews the lease; returns the budget from there on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverRound:
    """Delivers the events of a turn to its joiners and to everyone in the room.

    Reading and delivering overlap: while pages are being delivered, the next one is read.

    Raises:
        Unavailable: the room could not be read to its end.

    """

    to_members: DeliverToMembers
    subscriptions: Subscriptions
    history: RoomHistory
    codecs: Codecs
    start_task: StartTask
    clock: Clock
    chunk: int = CHUNK

    async def joiners(self, turn: Turn, *, options: RoomOptions, budget: Budget) -> Report:
        """Let the joiners catch up with everyone else, this round included, and deliver to them from now on."""
        joiners = turn.joiners[turn.joiners_served :]
        if not joiners:
            return Report()
        behind = await self._behind(turn, min(each.told for each in joiners), options=options, budget=budget)
        batch = Batch(self.codecs, [*behind, *turn.events], options=options)
        alike: defaultdict[tuple[Group, int], list[Joiner]] = defaultdict(list)
        for each in joiners:
            group = Group(each.member.connection.codec, each.member.wants_join_leave)
            alike[group, each.told].append(each)
        async with InFlight(self.start_task) as in_flight:
            for (group, told), same in alike.items():
                if options.keeps_history and told + len(behind) < turn.delivered:
                    await self._too_far_behind(turn, group, told, same, budget=budget)
                else:
                    ids = [each.member.connection.id for each in same]
                    delivery = self.to_members(batch, group, ids, room=turn.room, budget=budget, told=told)
                    await in_flight.start(delivery)
        # A member that missed something stays apart, although it has joined.
        members = [each.member for each in joiners]
        await self.subscriptions.activate(turn.room, members, deadline=budget.settle_by)
        return Report.total(in_flight.reports)

    async def everyone(
        self,
        turn: Turn,
        pages: AsyncIterator[AudiencePage],
        *,
        options: RoomOptions,
        budget: Budget,
        advance: Advance,
    ) -> tuple[Report, bool]:
        """Deliver to the members on these pages; return whether all have been delivered to.

        If not, a worker has to go on at the cursor that was noted last.
        """
        batch = Batch(self.codecs, turn.events, options=options)
        joined = {each.member.connection.id for each in turn.joiners}
        unsent = Unsent()
        read, cursor = 0, turn.cursor
        async with InFlight(self.start_task) as in_flight:
            chunk = _Chunk(self, batch, turn.room, in_flight, unsent, advance)
            async for page in pages:
                for group, ids in page.groups.items():
                    others = [each for each in ids if each not in joined] if joined else ids
                    delivery = self.to_members(batch, group, others, room=turn.room, budget=budget, unsent=unsent)
                    await in_flight.start(delivery)
                await self._waiting([each for each in page.waiting if each.connection_id not in joined], turn, budget)
                read += len(page)
                if read >= self.chunk or self.clock.monotonic() >= budget.yield_at:
                    if not await chunk.finish(cursor):
                        return Report.total(in_flight.reports), False
                    read, cursor = 0, page.next_cursor
                    budget = await advance(cursor)
                    if self.clock.monotonic() >= budget.yield_at:
                        return Report.total(in_flight.reports), False
            complete = await chunk.finish(cursor)
        return Report.total(in_flight.reports), complete

    async def _behind(
        self, turn: Turn, told: int, *, options: RoomOptions, budget: Budget
    ) -> Sequence[MessagePublished]:
        """Return what was delivered to others after this offset, as far as it is kept."""
        if told >= turn.delivered or not options.keeps_history:
            return ()
        return await self.history.read(
            turn.room,
            epoch=turn.epoch,
            first=max(told + 1, turn.delivered - MOST_BEHIND + 1),
            last=turn.delivered,
            limit=MOST_BEHIND,
            deadline=budget.settle_by,
        )

    async def _too_far_behind(
        self, turn: Turn, group: Group, told: int, joiners: Sequence[Joiner], *, budget: Budget
    ) -> None:
        ids = [each.member.connection.id for each in joiners]
        await self.subscriptions.miss(turn.room, ids, offset=told + 1, deadline=budget.settle_by)
        await self.to_members.ask_again(turn.room, group.codec, ids, budget=budget)

    async def _waiting(self, waiting: Sequence[Waiting], turn: Turn, budget: Budget) -> None:
        """Tell members to subscribe again that missed something, or that nobody made live."""
        forgotten = self.clock.now() - ORPHAN_SECONDS
        again: defaultdict[str, list[str]] = defaultdict(list)
        for each in waiting:
            if each.missed is not None or (each.joining_since is not None and each.joining_since < forgotten):
                again[each.codec].append(each.connection_id)
        for codec, ids in again.items():
            await self.to_members.ask_again(turn.room, codec, ids, budget=budget)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """The members between two notes of how far a round has come."""

    round: DeliverRound
    batch: Batch
    room: str
    in_flight: InFlight
    unsent: Unsent
    advance: Advance

    async def finish(self, cursor: str) -> bool:
        """Deliver to those that a lease was too short for, by renewing it; return whether nobody is left.

        Somebody is left if the process itself has no more time, and a worker can be woken. Those that do not receive
        anything during a whole lease have failed.
        """
        await self.in_flight.settled()
        getting_on = True
        while self.unsent:
            budget = await self.advance(cursor)
            if self.round.clock.monotonic() >= budget.deadline:
                if budget.yield_at < math.inf:
                    return False
                getting_on = False
            before = len(self.unsent)
            self.in_flight.reports.append(Report(retried=before))
            for part in self.unsent.take():
                delivery = self.round.to_members.again(
                    part, self.batch, room=self.room, budget=budget, unsent=self.unsent if getting_on else None
                )
                await self.in_flight.start(delivery)
            await self.in_flight.settled()
            getting_on = len(self.unsent) < before
        return True
