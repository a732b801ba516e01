"""The answers to a frame: delivered, sent, and followed up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chat_core.domain.closing import ConnectionEnded
from chat_core.domain.events import INSUFFICIENT_STATE, SubscriptionEnded
from chat_core.domain.feed import Turn
from chat_core.domain.replies import Joined
from chat_core.domain.report import Report
from chat_core.errors import ChatError, Unavailable
from chat_core.fanout.budget import Budget
from chat_core.fanout.drain import Drain
from chat_core.fanout.end_connections import EndConnections
from chat_core.fanout.members import disconnect_slow
from chat_core.fanout.send import SendFrames
from chat_core.fanout.wake import WakeRoom
from chat_core.limits import Limits
from chat_core.ports import Sleep, StartTask, Task
from chat_core.use_cases.answer import Answer, Fallen, FollowUp
from chat_core.wire.codec import Codec, Ref

PATIENCE_SECONDS: Final = 1.0
"""How long a reply waits for the delivery. Its client gives up after five seconds (Centrifuge's clients)."""


@dataclass(slots=True)
class Result:
    """What became of one request of a frame."""

    ref: Ref | None
    outcome: Answer | ChatError


@dataclass(frozen=True, slots=True, kw_only=True)
class Respond:
    """Deliver what fell to this process, and send all replies of a frame together.

    A reply promises that a message is delivered whoever dies: so it is sent when the message is delivered, or when a
    worker is on its way, which is the case after a second.
    """

    send: SendFrames
    drain: Drain
    end: EndConnections
    wake: WakeRoom
    start_task: StartTask
    sleep: Sleep
    limits: Limits

    async def __call__(
        self, results: Sequence[Result], connection_id: str, *, codec: Codec, budget: Budget
    ) -> Report | None:
        """Respond within the budget; return what became of the deliveries, or None if there were none."""
        response = _Response(self, results, connection_id, codec, budget)
        return await response.run()


class _Response:
    """One response."""

    def __init__(
        self, parts: Respond, results: Sequence[Result], connection_id: str, codec: Codec, budget: Budget
    ) -> None:
        self._parts = parts
        self._results = results
        self._connection_id = connection_id
        self._codec = codec
        self._budget = budget
        self._reports: list[Report] = []
        self._reply: Task[None] | None = None
        self._undelivered = 0

    async def run(self) -> Report | None:
        fallen = [
            (each, each.outcome.fallen)
            for each in self._results
            if isinstance(each.outcome, Answer) and each.outcome.fallen
        ]
        if fallen:
            await self._deliver_all(fallen)
        await self._replied()
        if any(isinstance(each.outcome, ConnectionEnded) for each in self._results):
            await self._end_connection()
        return Report.total(self._reports) if self._reports else None

    async def _deliver_all(self, fallen: Sequence[tuple[Result, Fallen]]) -> None:
        self._undelivered = len(fallen)
        late = self._parts.start_task(self._reply_late([each.turn for _, each in fallen]))
        try:
            tasks = [self._parts.start_task(self._deliver(*each)) for each in fallen[1:]]
            await self._deliver(*fallen[0])
            for task in tasks:
                await task
        finally:
            late.cancel()

    async def _deliver(self, result: Result, fallen: Fallen) -> None:
        try:
            report = await self._parts.drain(
                fallen.turn, self._budget, prefetched=fallen.prefetched, after_round=self._after_round
            )
        except Unavailable as fault:
            # It changes nothing about a reply that was sent already.
            result.outcome = fault
            self._undelivered -= 1
        else:
            self._reports.append(report)

    async def _after_round(self) -> None:
        self._undelivered -= 1
        if self._undelivered == 0:
            await self._replied()

    async def _reply_late(self, turns: Sequence[Turn]) -> None:
        await self._parts.sleep(PATIENCE_SECONDS)
        try:
            for turn in turns:
                await self._parts.wake.at(turn.room, turn.until, deadline=self._budget.settle_by)
        except Unavailable:
            # Then it waits for the delivery.
            return
        await self._replied()

    async def _replied(self) -> None:
        """Send the replies, whoever asks for it first; return when they were sent, and followed up."""
        if self._reply is None:
            self._reply = self._parts.start_task(self._send_and_follow_up())
        await self._reply

    async def _send_and_follow_up(self) -> None:
        there = await self._send(self._payloads())
        follow_ups = [
            self._parts.start_task(self._follow_up(each.outcome, each.outcome.then, there=there))
            for each in self._results
            if isinstance(each.outcome, Answer) and each.outcome.then
        ]
        for task in follow_ups:
            await task

    def _payloads(self) -> Sequence[str]:
        payloads: list[str] = []
        for each in self._results:
            if isinstance(each.outcome, Answer) and each.ref is not None:
                try:
                    payloads += self._codec.encode_reply(ref=each.ref, reply=each.outcome.reply)
                except ChatError as fault:
                    each.outcome = fault
            if isinstance(each.outcome, ChatError):
                payload = self._codec.encode_fault(ref=each.ref, fault=each.outcome)
                payloads += [] if payload is None else [payload]
        return payloads

    async def _send(self, payloads: Sequence[str]) -> bool:
        """Send to the sender of the frame; return False if it has gone."""
        frames = self._codec.frames(payloads, payload_bytes=self._parts.limits.payload_bytes) if payloads else ()
        if not frames:
            return True
        deadline = self._budget.answer_by
        outcomes = await self._parts.send(frames, [self._connection_id], deadline=deadline)
        await disconnect_slow(self._parts.send.sink, outcomes, deadline=deadline)
        return not outcomes.gone

    async def _follow_up(self, answer: Answer, then: FollowUp, *, there: bool) -> None:
        try:
            if not there and answer.undo:
                await answer.undo()
            else:
                await self._drain(await then())
        except ChatError:
            if isinstance(answer.reply, Joined):
                await self._ask_again(answer.reply.room)

    async def _ask_again(self, room: str) -> None:
        """Tell the client to join again. It was told that it is in the room, and nobody would deliver to it."""
        payload = self._codec.encode_event(
            SubscriptionEnded(room=room, code=INSUFFICIENT_STATE, reason="insufficient state")
        )
        await self._send([] if payload is None else [payload])

    async def _drain(self, turn: Turn | None) -> None:
        if turn is not None:
            self._reports.append(await self._parts.drain(turn, self._budget))

    async def _end_connection(self) -> None:
        """Forget a client that was told to close its connection. It closes it by itself."""
        try:
            for turn in await self._parts.end([self._connection_id], deadline=self._budget.settle_by):
                await self._drain(turn)
        except Unavailable:
            # Then its end, or the next message to it, removes it.
            return
