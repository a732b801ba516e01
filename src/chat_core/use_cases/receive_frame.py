"""A client has sent a frame."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chat_core.domain.commands import Command
from chat_core.domain.replies import Reply
from chat_core.domain.report import Report
from chat_core.errors import ChatError, UnknownAction
from chat_core.fanout.budget import UNLIMITED, Budget
from chat_core.fanout.deliver import disconnect_slow
from chat_core.ports import ConnectionStore, MessageSink
from chat_core.use_cases.session import Session
from chat_core.wire.codec import Codec, Decoded, RefusedRequest, Request
from chat_core.wire.codecs import Codecs

Handler = Callable[[Any, Session, Budget], Awaitable[Reply]]
"""The use case of one command. Raises `ChatError` for what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The text that came in over a connection."""

    connection_id: str
    text: str
    codec: str | None = None
    """The connection's codec, if the transport knows it. If it is None, the store is asked when it matters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameResult:
    """What became of the requests in a frame."""

    replies: Sequence[Reply] = ()
    faults: Sequence[ChatError] = ()
    """The faults that the sender was told of."""

    @property
    def fault(self) -> ChatError | None:
        """The first fault."""
        return self.faults[0] if self.faults else None

    @property
    def report(self) -> Report | None:
        """What became of the messages, or None if none was sent."""
        return Report.total(each.report for each in self.replies) if self.replies else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """The commands that a chat executes."""

    store: ConnectionStore
    """Where senders are looked up."""
    handlers: Mapping[type[Command], Handler]
    """The use case of each command. A command without one does not exist for this chat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveFrame:
    """Execute what a frame asks for. The sender is told what is wrong with it, and its connection stays open.

    A request with a `ref` is answered, if clients of the sender's codec receive replies.
    """

    codecs: Codecs
    sink: MessageSink
    commands: Commands | None = None
    """None if every command is to be refused as unknown."""

    async def __call__(self, frame: Frame, budget: Budget = UNLIMITED) -> FrameResult:
        """Execute it within the budget. Never raises `ChatError`: a fault is in the result."""
        replies: list[Reply] = []
        faults: list[ChatError] = []
        session: Session | None = None
        for decoded in self.codecs.decode(frame.text, codec=frame.codec):
            try:
                request, commands, handler = self._find_handler(decoded)
                session = session or Session(frame.connection_id, store=commands.store, budget=budget)
                replies.append(await self._execute(request, handler, frame, session, budget))
            except ChatError as fault:
                faults.append(fault)
                payload = self.codecs.of_sender(frame.codec).encode_fault(ref=decoded.ref, fault=fault)
                await self._post(payload, frame, budget)
        return FrameResult(replies=replies, faults=faults)

    def _find_handler(self, decoded: Decoded) -> tuple[Request, Commands, Handler]:
        if isinstance(decoded, RefusedRequest):
            raise decoded.fault
        commands = self.commands
        if commands is None or type(decoded.command) not in commands.handlers:
            raise UnknownAction
        return decoded, commands, commands.handlers[type(decoded.command)]

    async def _execute(
        self, request: Request, handler: Handler, frame: Frame, session: Session, budget: Budget
    ) -> Reply:
        # Before the command: a fault afterwards would make the sender repeat what was already done.
        codec = None if request.ref is None else await self._codec_of(frame, session)
        reply = await handler(request.command, session, budget)
        if codec is not None and request.ref is not None:
            payload = codec.encode_reply(ref=request.ref, reply=reply)
            if payload is not None:
                await self._post(payload, frame, budget)
        return reply

    async def _codec_of(self, frame: Frame, session: Session) -> Codec | None:
        """Return the sender's codec, or None if the sender has left or its codec is not known here."""
        if frame.codec is not None:
            return self.codecs.named(frame.codec)
        sender = await session.connection()
        return None if sender is None else self.codecs.named(sender.codec)

    async def _post(self, payload: str, frame: Frame, budget: Budget) -> None:
        outcomes = await self.sink.deliver(
            payload=payload, connection_ids=[frame.connection_id], deadline=budget.answer_by
        )
        await disconnect_slow(self.sink, outcomes, deadline=budget.answer_by)
