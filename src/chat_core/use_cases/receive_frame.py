"""A client has sent something."""

import math
from dataclasses import dataclass

from chat_core.errors import ChatError, TooManyRequests, UnknownAction
from chat_core.model import Format
from chat_core.ports.connection_store import ConnectionStore
from chat_core.ports.message_sink import MessageSink
from chat_core.ports.rate_limiter import RateLimiter
from chat_core.protocol import Frame, Ref, parse_frame, parse_send_message, render_error, render_sent
from chat_core.use_cases.broadcast import Broadcast, Message
from chat_core.use_cases.delivering import BroadcastReport, disconnect_slow
from chat_core.use_cases.times import ANSWERING_SECONDS, SETTLING_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFrame:
    """The text that came in over a connection."""

    connection_id: str
    text: str
    deadline: float = math.inf
    """When to give deliveries up, on the scale of `time.monotonic()`, in seconds. What is left to do then, forgetting,
    handing on and telling the sender, takes less than a second more."""
    hand_on_at: float = math.inf
    """When to leave the rest of a large room to a worker, on the same scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What came of a frame: either a broadcast or a fault that its sender was told of."""

    report: BroadcastReport | None = None
    fault: ChatError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveFrame:
    """Do what the frame asks for; whatever is wrong with it is told to its sender, whose connection stays open.

    A sender that reads JSON and gave a `ref` is told when its message was delivered, and to how many.
    """

    broadcast: Broadcast
    store: ConnectionStore
    sink: MessageSink
    limiter: RateLimiter | None = None
    """Where there is one, it bounds what each connection may send to a room."""

    async def __call__(self, received: ReceivedFrame) -> Receipt:
        ref: Ref | None = None
        try:
            frame = parse_frame(received.text)
            ref = frame.ref
            return await self._send_message(frame, received)
        except ChatError as fault:
            await _reply(self.sink, received, render_error(fault, ref=ref))
            return Receipt(fault=fault)

    async def _send_message(self, frame: Frame, received: ReceivedFrame) -> Receipt:
        data = parse_send_message(frame)
        sender, deadline = received.connection_id, received.deadline
        if self.limiter and not await self.limiter.admit(sender=sender, deadline=deadline + SETTLING_SECONDS):
            raise TooManyRequests
        # Found out beforehand: a fault in between would have the sender repeat what was already delivered.
        confirms = frame.ref is not None and await self._reads_json(sender, deadline)
        message = Message(sender=sender, data=data, deadline=deadline, hand_on_at=received.hand_on_at)
        report = await self.broadcast(message)
        if frame.ref is not None and confirms:
            await _reply(self.sink, received, _confirmation(frame.ref, sender, report))
        return Receipt(report=report)

    async def _reads_json(self, connection_id: str, deadline: float) -> bool:
        sender = await self.store.find(connection_id=connection_id, deadline=deadline + SETTLING_SECONDS)
        return sender is not None and sender.format is Format.JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseFrame:
    """Tell the sender of a frame that no action takes what is wrong with it; its connection stays open."""

    sink: MessageSink

    async def __call__(self, received: ReceivedFrame) -> Receipt:
        ref: Ref | None = None
        fault: ChatError = UnknownAction()
        try:
            ref = parse_frame(received.text).ref
        except ChatError as exc:
            fault = exc
        await _reply(self.sink, received, render_error(fault, ref=ref))
        return Receipt(fault=fault)


def _confirmation(ref: Ref, sender: str, report: BroadcastReport) -> str:
    return render_sent(
        ref=ref,
        sender=sender,
        delivered=report.delivered,
        gone=report.gone,
        failed=report.failed.total(),
        closed=report.closed,
        continues=report.continues,
    )


async def _reply(sink: MessageSink, received: ReceivedFrame, payload: str) -> None:
    deadline = received.deadline + ANSWERING_SECONDS
    outcomes = await sink.deliver(payload=payload, connection_ids=[received.connection_id], deadline=deadline)
    await disconnect_slow(sink, outcomes, deadline=deadline)
