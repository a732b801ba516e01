"""Events to members of a room, and what is done about those that could not be reached."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from chat_core.domain.connection import Group
from chat_core.domain.events import INSUFFICIENT_STATE, SubscriptionEnded
from chat_core.domain.feed import Turn
from chat_core.domain.outcome import Outcome, Outcomes
from chat_core.domain.report import Report
from chat_core.errors import Unavailable
from chat_core.fanout.budget import Budget
from chat_core.fanout.end_connections import EndConnections
from chat_core.fanout.send import SendFrames
from chat_core.fanout.unsent import Part, Unsent
from chat_core.ports import MessageSink, Subscriptions
from chat_core.wire.batch import EVERYTHING, Batch
from chat_core.wire.codecs import Codecs


async def disconnect_slow(sink: MessageSink, outcomes: Outcomes, *, deadline: float) -> Sequence[str]:
    """Disconnect the recipients that read too slowly; return those that have ended.

    Such a client has missed a message without knowing. The end of its connection tells it, and it comes back.
    """
    slow = [each for each, outcome in outcomes.failed.items() if outcome is Outcome.SLOW]
    return await sink.disconnect(connection_ids=slow, deadline=deadline) if slow else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverToMembers:
    """Delivers events to members, and leaves nobody behind without knowing.

    A member that is gone is removed everywhere. One that reads too slowly is disconnected. Another one that could not
    be reached, in a room that keeps its history, subscribes again, and recovers what it missed.
    """

    sink: MessageSink
    send: SendFrames
    subscriptions: Subscriptions
    end: EndConnections
    codecs: Codecs
    turns: list[Turn] = field(default_factory=list)
    """The turns that fell to the caller because clients have left other rooms."""

    async def __call__(
        self,
        batch: Batch,
        group: Group,
        connection_ids: Sequence[str],
        *,
        room: str,
        budget: Budget,
        told: int = EVERYTHING,
        unsent: Unsent | None = None,
    ) -> Report:
        """Deliver to these members, who have heard everything up to `told`.

        Those that there was no time for are put into `unsent`, and are in no report; without it they have failed.
        """
        if not batch.knows(group.codec):
            return Report.of(Outcomes(failed=dict.fromkeys(connection_ids, Outcome.UNKNOWN_CODEC)))
        part = Part(group, batch.frames(group, told=told), connection_ids)
        return await self.again(part, batch, room=room, budget=budget, unsent=unsent)

    async def again(
        self, part: Part, batch: Batch, *, room: str, budget: Budget, unsent: Unsent | None = None
    ) -> Report:
        """Deliver what is left of a batch for some members."""
        group, frames, connection_ids = part
        if not frames:
            return Report()
        put = None if unsent is None else partial(unsent.put, group)
        outcomes = await self.send(frames, connection_ids, deadline=budget.deadline, unsent=put)
        if not (outcomes.gone or outcomes.failed):
            return Report.of(outcomes)
        closed = await disconnect_slow(self.sink, outcomes, deadline=budget.deadline)
        report = replace(Report.of(outcomes), closed=len(closed))
        ended = [*outcomes.gone, *closed]
        missed = [each for each in outcomes.failed if each not in ended]
        try:
            if ended:
                await self.remove(room, ended, budget=budget)
            if missed and batch.first_offset is not None:
                await self._miss(room, group, missed, offset=batch.first_offset, budget=budget)
        except Unavailable:
            return replace(report, not_removed=len(ended))
        return report

    async def remove(self, room: str, connection_ids: Sequence[str], *, budget: Budget) -> None:
        """Remove connections that have ended."""
        self.turns.extend(await self.end(connection_ids, deadline=budget.settle_by))
        await self.subscriptions.drop(room, connection_ids, deadline=budget.settle_by)

    async def ask_again(self, room: str, codec: str, connection_ids: Sequence[str], *, budget: Budget) -> None:
        """Tell members to subscribe again, because they may have missed something."""
        known = self.codecs.named(codec)
        ended = SubscriptionEnded(room=room, code=INSUFFICIENT_STATE, reason="insufficient state")
        payload = None if known is None else known.encode_event(ended)
        if payload is None:
            return
        outcomes = await self.sink.deliver(payload=payload, connection_ids=connection_ids, deadline=budget.deadline)
        if outcomes.gone:
            await self.remove(room, outcomes.gone, budget=budget)

    async def _miss(
        self, room: str, group: Group, connection_ids: Sequence[str], *, offset: int, budget: Budget
    ) -> None:
        codec = self.codecs.named(group.codec)
        if codec is None or not codec.needs_connect:
            # Its clients join no rooms by command, and cannot do so again.
            return
        await self.subscriptions.miss(room, connection_ids, offset=offset, deadline=budget.settle_by)
        await self.ask_again(room, group.codec, connection_ids, budget=budget)
