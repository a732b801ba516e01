"""A client has sent a frame."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chat_core.domain.closing import ConnectionEnded
from chat_core.domain.commands import Command, Connect
from chat_core.domain.replies import Reply
from chat_core.domain.report import Report
from chat_core.errors import ChatError, Unavailable, UnknownAction
from chat_core.fanout.budget import UNLIMITED, Budget
from chat_core.ports import StartTask
from chat_core.use_cases.answer import Answer, Handler
from chat_core.use_cases.respond import Respond, Result
from chat_core.use_cases.sender import Sender
from chat_core.use_cases.senders import Senders
from chat_core.wire.codec import Codec, Decoded, RefusedRequest
from chat_core.wire.codecs import Codecs

ROOMS_AT_ONCE: Final = 32
"""Rooms whose commands are done at the same time. A client that comes back joins all of its rooms in one frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The text that came in over a connection."""

    connection_id: str
    text: str
    opened_at: float = 0.0
    """When the connection was opened, in seconds since the epoch; 0 if the transport does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameResult:
    """What became of the requests in a frame."""

    replies: Sequence[Reply] = ()
    faults: Sequence[ChatError] = ()
    """The faults that the sender was told of."""
    report: Report | None = None
    """What became of deliveries, or None if this process made none."""

    @property
    def fault(self) -> ChatError | None:
        """The first fault."""
        return self.faults[0] if self.faults else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveFrame:
    """Do what a frame asks for, and answer all of it at once.

    A fault is told to the sender, whose connection stays open unless the protocol says otherwise. Never raises
    `ChatError`.
    """

    codecs: Codecs
    senders: Senders
    handlers: Mapping[type[Command], Handler]
    """The use case of each command. A command without one does not exist for this chat."""
    respond: Respond
    start_task: StartTask

    async def __call__(self, frame: Frame, budget: Budget = UNLIMITED) -> FrameResult:
        """Do it within the budget."""
        try:
            sender = await self.senders.find(frame.connection_id, opened_at=frame.opened_at, budget=budget)
            codec = self._codec(sender)
        except ChatError as fault:
            return await self._refuse(frame, fault, budget)
        results = await self._answer_all(self.codecs.decode(frame.text, codec=codec.name), sender, budget)
        return _frame_result(results, await self.respond(results, frame.connection_id, codec=codec, budget=budget))

    def _codec(self, sender: Sender) -> Codec:
        codec = self.codecs.named(sender.connection.codec)
        if codec is None:
            raise Unavailable("This version of the chat does not know the connection's protocol.")
        return codec

    async def _refuse(self, frame: Frame, fault: ChatError, budget: Budget) -> FrameResult:
        """Answer every request of a sender that could not be found with the same fault."""
        codec = self.codecs.guess(frame.text)
        decoded = self.codecs.decode(frame.text, codec=codec.name)
        results = [Result(each.ref, fault) for each in decoded]
        return _frame_result(results, await self.respond(results, frame.connection_id, codec=codec, budget=budget))

    async def _answer_all(self, decoded: Sequence[Decoded], sender: Sender, budget: Budget) -> list[Result]:
        """Do every command: those of one room one after the other, those of different rooms side by side."""
        results: dict[int, Answer | ChatError] = {}
        lanes: defaultdict[str, list[int]] = defaultdict(list)
        for at, each in enumerate(decoded):
            if at == 0 and not isinstance(each, RefusedRequest) and isinstance(each.command, Connect):
                results[0] = await self._answer(each, sender, budget)
                if isinstance(results[0], ChatError):
                    # Nothing else can be answered to a client that was not accepted.
                    return [Result(each.ref, results[0])]
            else:
                lanes[_room(each)].append(at)

        async def in_order(lane: Sequence[int]) -> None:
            for at in lane:
                results[at] = await self._answer(decoded[at], sender, budget)

        apart = list(lanes.values())
        for start in range(0, len(apart), ROOMS_AT_ONCE):
            first, *others = apart[start : start + ROOMS_AT_ONCE]
            tasks = [self.start_task(in_order(lane)) for lane in others]
            await in_order(first)
            for task in tasks:
                await task
        return _until_ended([_result(each, results[at]) for at, each in enumerate(decoded)])

    async def _answer(self, decoded: Decoded, sender: Sender, budget: Budget) -> Answer | ChatError:
        if isinstance(decoded, RefusedRequest):
            return decoded.fault
        handler = self.handlers.get(type(decoded.command))
        if handler is None:
            return UnknownAction()
        try:
            ref = decoded.ref
            return await handler(decoded.command, ref if isinstance(ref, int) else 0, sender, budget)
        except ChatError as fault:
            return fault


def _room(decoded: Decoded) -> str:
    return "" if isinstance(decoded, RefusedRequest) else getattr(decoded.command, "room", "")


def _result(decoded: Decoded, outcome: Answer | ChatError) -> Result:
    """Return the result of a request. Not the request ends a connection, unless it is the one that is to accept it."""
    is_connect = not isinstance(decoded, RefusedRequest) and isinstance(decoded.command, Connect)
    return Result(None if isinstance(outcome, ConnectionEnded) and not is_connect else decoded.ref, outcome)


def _until_ended(results: Sequence[Result]) -> list[Result]:
    """Return the results without those that follow the end of the connection."""
    kept = []
    for each in results:
        kept.append(each)
        if isinstance(each.outcome, ConnectionEnded):
            break
    return kept


def _frame_result(results: Sequence[Result], report: Report | None) -> FrameResult:
    return FrameResult(
        replies=[each.outcome.reply for each in results if isinstance(each.outcome, Answer)],
        faults=[each.outcome for each in results if isinstance(each.outcome, ChatError)],
        report=report,
    )
