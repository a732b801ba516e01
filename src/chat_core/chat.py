"""A whole chat, made from ports: what embedders, tests and containers start from.

A use case is imported when it is first asked for: a function of AWS Lambda pays in its cold start for its own alone.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from chat_core.limits import Limits
from chat_core.ports import CheckpointStore, Clock, ConnectionStore, Ids, JobQueue, MessageSink, RateLimiter, StartTask

if TYPE_CHECKING:
    from chat_core.fanout.broadcast import Broadcast
    from chat_core.fanout.deliver import DeliverToRoom
    from chat_core.fanout.hand_off import HandOff
    from chat_core.use_cases.close_connection import CloseConnection
    from chat_core.use_cases.continue_job import ContinueJob
    from chat_core.use_cases.open_connection import OpenConnection
    from chat_core.use_cases.receive_frame import ReceiveFrame
    from chat_core.wire.codecs import Codecs


class Ports(Protocol):
    """What a chat is made of. Each is read when a use case that needs it is first asked for, and may be made then."""

    @property
    def store(self) -> ConnectionStore:
        """Who is connected."""
        ...

    @property
    def sink(self) -> MessageSink:
        """Where payloads go."""
        ...

    @property
    def start_task(self) -> StartTask:
        """The event loop, for example `asyncio.create_task`."""
        ...

    @property
    def limiter(self) -> RateLimiter | None:
        """Holds each connection to a rate; None if there is no such limit."""
        ...

    @property
    def queue(self) -> JobQueue | None:
        """Takes the rest of a delivery to a worker; None if every delivery is finished by the process that began it."""
        ...

    @property
    def checkpoints(self) -> CheckpointStore | None:
        """How far jobs have come. Workers need it, and nothing else does."""
        ...

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def ids(self) -> Ids:
        """New ids."""
        ...

    @property
    def limits(self) -> Limits:
        """What the transport and the queue carry."""
        ...


class MissingPort(Exception):
    """A use case was asked for that needs a port which the chat was not given."""


@dataclass(frozen=True, kw_only=True)
class GivenPorts:
    """Ports that exist already: the plain way to have `Ports`."""

    store: ConnectionStore
    sink: MessageSink
    start_task: StartTask
    clock: Clock
    ids: Ids
    limiter: RateLimiter | None = None
    queue: JobQueue | None = None
    checkpoints: CheckpointStore | None = None
    limits: Limits = field(default_factory=Limits)


class Chat:
    """Every use case of a chat. Each is made when it is first asked for, and then kept."""

    def __init__(self, ports: Ports, *, chunk: int | None = None) -> None:
        """Take the ports.

        Args:
            ports: What the chat is made of.
            chunk: Members between two checkpoints of a worker; None for the usual number.

        """
        self._ports = ports
        self._chunk = chunk

    @classmethod
    def of(
        cls,
        *,
        store: ConnectionStore,
        sink: MessageSink,
        start_task: StartTask,
        limiter: RateLimiter | None = None,
        queue: JobQueue | None = None,
        checkpoints: CheckpointStore | None = None,
        limits: Limits | None = None,
    ) -> "Chat":
        """Return a chat made of these ports, with the process's own clock and ids."""
        from chat_core.system import RandomIds, SystemClock

        ports = GivenPorts(
            store=store,
            sink=sink,
            start_task=start_task,
            clock=SystemClock(),
            ids=RandomIds(),
            limiter=limiter,
            queue=queue,
            checkpoints=checkpoints,
            limits=limits or Limits(),
        )
        return cls(ports)

    @cached_property
    def codecs(self) -> "Codecs":
        """The wire formats."""
        from chat_core.wire.codecs import Codecs

        return Codecs(limits=self._ports.limits)

    @cached_property
    def open_connection(self) -> "OpenConnection":
        """A client opens a connection."""
        from chat_core.use_cases.open_connection import OpenConnection

        return OpenConnection(store=self._ports.store, codecs=self.codecs)

    @cached_property
    def close_connection(self) -> "CloseConnection":
        """A connection has ended."""
        from chat_core.use_cases.close_connection import CloseConnection

        return CloseConnection(store=self._ports.store)

    @cached_property
    def receive_frame(self) -> "ReceiveFrame":
        """A client has sent a frame."""
        from chat_core.domain.commands import SendMessage
        from chat_core.use_cases.receive_frame import Commands, ReceiveFrame
        from chat_core.use_cases.send_message import SendMessageToRoom

        send_message = SendMessageToRoom(broadcast=self.broadcast, limiter=self._ports.limiter)
        commands = Commands(store=self._ports.store, handlers={SendMessage: send_message})
        return ReceiveFrame(codecs=self.codecs, sink=self._ports.sink, commands=commands)

    @cached_property
    def refuse_frame(self) -> "ReceiveFrame":
        """A client has sent a frame that no other route takes: every command is refused. Needs the sink alone."""
        from chat_core.use_cases.receive_frame import ReceiveFrame

        return ReceiveFrame(codecs=self.codecs, sink=self._ports.sink)

    @cached_property
    def broadcast(self) -> "Broadcast":
        """One event to everyone in a room."""
        from chat_core.fanout.broadcast import Broadcast

        return Broadcast(deliver=self._deliver, codecs=self.codecs, ids=self._ports.ids, hand_off=self._hand_off)

    @cached_property
    def continue_job(self) -> "ContinueJob":
        """A worker continues a delivery.

        Raises:
            MissingPort: the chat has no queue, or no checkpoint store.

        """
        from chat_core.use_cases.continue_job import CHUNK, ContinueJob

        checkpoints = self._ports.checkpoints
        if self._hand_off is None or checkpoints is None:
            raise MissingPort("A worker needs a queue and a checkpoint store.")
        return ContinueJob(
            deliver=self._deliver,
            codecs=self.codecs,
            hand_off=self._hand_off,
            checkpoints=checkpoints,
            clock=self._ports.clock,
            chunk=self._chunk or CHUNK,
        )

    @cached_property
    def _deliver(self) -> "DeliverToRoom":
        from chat_core.fanout.deliver import DeliverToRoom

        ports = self._ports
        return DeliverToRoom(store=ports.store, sink=ports.sink, start_task=ports.start_task, clock=ports.clock)

    @cached_property
    def _hand_off(self) -> "HandOff | None":
        from chat_core.fanout.hand_off import HandOff

        queue = self._ports.queue
        if queue is None:
            return None
        return HandOff(queue=queue, ids=self._ports.ids, recipients_at_once=self._ports.limits.job_recipients)
