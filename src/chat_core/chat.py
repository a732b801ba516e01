"""A whole chat, made from ports: what embedders, tests and containers start from.

A use case is imported when it is first asked for: a function of AWS Lambda pays in its cold start for its own alone.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from chat_core.domain.room import Rooms
from chat_core.limits import Limits
from chat_core.ports import (
    Audience,
    Clock,
    Ids,
    MessageSink,
    RateLimiter,
    RoomFeed,
    RoomHistory,
    RoomPresence,
    Sessions,
    Sleep,
    StartTask,
    Subscriptions,
    WakeUps,
)

if TYPE_CHECKING:
    from chat_core.domain.commands import Command
    from chat_core.fanout.drain import Drain
    from chat_core.fanout.end_connections import EndConnections
    from chat_core.fanout.put import PutOnFeed
    from chat_core.fanout.round import DeliverRound
    from chat_core.fanout.send import SendFrames
    from chat_core.fanout.wake import WakeRoom
    from chat_core.use_cases.answer import Handler
    from chat_core.use_cases.close_connection import CloseConnection
    from chat_core.use_cases.drain_room import DrainRoom
    from chat_core.use_cases.open_connection import OpenConnection
    from chat_core.use_cases.past import Past
    from chat_core.use_cases.publish import Announce, AppendToRoom, PublishMessage
    from chat_core.use_cases.receive_frame import ReceiveFrame
    from chat_core.wire.codecs import Codecs


class Ports(Protocol):
    """What a chat is made of. Each is read when a use case that needs it is first asked for, and may be made then."""

    @property
    def sessions(self) -> Sessions:
        """Who is connected."""
        ...

    @property
    def subscriptions(self) -> Subscriptions:
        """Who is in which room, as commands write it."""
        ...

    @property
    def audience(self) -> Audience:
        """Who in a room is delivered to."""
        ...

    @property
    def presence(self) -> RoomPresence:
        """Who is in a room, as others are shown it."""
        ...

    @property
    def feed(self) -> RoomFeed:
        """What is to be delivered in each room."""
        ...

    @property
    def history(self) -> RoomHistory:
        """What was said."""
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
    def sleep(self) -> Sleep:
        """The event loop's sleep, for example `asyncio.sleep`."""
        ...

    @property
    def limiter(self) -> RateLimiter | None:
        """Holds each connection to a rate; None if there is no such limit."""
        ...

    @property
    def wake_ups(self) -> WakeUps | None:
        """Wakes workers; None if every delivery is finished by the process that began it."""
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
    def rooms(self) -> Rooms:
        """What rooms keep and allow."""
        ...

    @property
    def limits(self) -> Limits:
        """What the transport carries, and what one client may have."""
        ...

    @property
    def protocol(self) -> str:
        """The name of the codec of clients that ask for none."""
        ...


@dataclass(frozen=True, kw_only=True)
class GivenPorts:
    """Ports that exist already: the plain way to have `Ports`."""

    sessions: Sessions
    subscriptions: Subscriptions
    audience: Audience
    presence: RoomPresence
    feed: RoomFeed
    history: RoomHistory
    sink: MessageSink
    start_task: StartTask
    sleep: Sleep
    clock: Clock
    ids: Ids
    limiter: RateLimiter | None = None
    wake_ups: WakeUps | None = None
    rooms: Rooms = field(default_factory=Rooms)
    limits: Limits = field(default_factory=Limits)
    protocol: str = "plain"


class RoomStore(Sessions, Subscriptions, Audience, RoomPresence, Protocol):
    """Four ports that one store may have together, as the one in memory has."""


class Chat:
    """Every use case of a chat. Each is made when it is first asked for, and then kept."""

    def __init__(self, ports: Ports, *, chunk: int | None = None) -> None:
        """Take the ports.

        Args:
            ports: What the chat is made of.
            chunk: Members between two notes of how far a round has come; None for the usual number.

        """
        self._ports = ports
        self._chunk = chunk

    @classmethod
    def of(
        cls,
        *,
        store: RoomStore,
        feed: RoomFeed,
        history: RoomHistory,
        sink: MessageSink,
        start_task: StartTask,
        sleep: Sleep,
        limiter: RateLimiter | None = None,
        wake_ups: WakeUps | None = None,
        rooms: Rooms | None = None,
        limits: Limits | None = None,
        protocol: str = "plain",
    ) -> "Chat":
        """Return a chat made of these ports, with the process's own clock and ids."""
        from chat_core.system import RandomIds, SystemClock

        ports = GivenPorts(
            sessions=store,
            subscriptions=store,
            audience=store,
            presence=store,
            feed=feed,
            history=history,
            sink=sink,
            start_task=start_task,
            sleep=sleep,
            clock=SystemClock(),
            ids=RandomIds(),
            limiter=limiter,
            wake_ups=wake_ups,
            rooms=rooms or Rooms(),
            limits=limits or Limits(),
            protocol=protocol,
        )
        return cls(ports)

    @cached_property
    def codecs(self) -> "Codecs":
        """The wire formats."""
        from chat_core.wire.codecs import Codecs

        return Codecs(limits=self._ports.limits, default=self._ports.protocol)

    @cached_property
    def open_connection(self) -> "OpenConnection":
        """A client opens a connection."""
        from chat_core.use_cases.open_connection import OpenConnection

        return OpenConnection(sessions=self._ports.sessions, codecs=self.codecs)

    @cached_property
    def close_connection(self) -> "CloseConnection":
        """A connection has ended."""
        from chat_core.use_cases.close_connection import CloseConnection

        return CloseConnection(end=self._end, drain=self._drain)

    @cached_property
    def receive_frame(self) -> "ReceiveFrame":
        """A client has sent a frame, with whatever command its protocol has."""
        from chat_core.domain.commands import (
            Connect,
            CountPresence,
            Join,
            Leave,
            Publish,
            ReadHistory,
            ReadPresence,
            SendMessage,
        )
        from chat_core.use_cases.connect import AcceptClient
        from chat_core.use_cases.join_room import JoinRoom, LeaveRoom
        from chat_core.use_cases.look import LookAtHistory, LookAtPresence

        ports = self._ports
        presence = LookAtPresence(rooms=ports.rooms, presence=ports.presence, limits=ports.limits)
        join = JoinRoom(
            rooms=ports.rooms,
            subscriptions=ports.subscriptions,
            sessions=ports.sessions,
            feed=ports.feed,
            past=self._past,
            put=self._put,
            limits=ports.limits,
        )
        return self._receive(
            {
                SendMessage: self._publish.plain,
                Connect: AcceptClient(sessions=ports.sessions),
                Join: join,
                Leave: LeaveRoom(rooms=ports.rooms, subscriptions=ports.subscriptions, put=self._put),
                Publish: self._publish,
                ReadHistory: LookAtHistory(rooms=ports.rooms, feed=ports.feed, past=self._past, limits=ports.limits),
                ReadPresence: presence.members,
                CountPresence: presence.count,
            }
        )

    @cached_property
    def receive_message(self) -> "ReceiveFrame":
        """A client has sent a frame of which the transport knows that it is a plain client's message, if it is one."""
        from chat_core.domain.commands import SendMessage

        return self._receive({SendMessage: self._publish.plain})

    @cached_property
    def announce(self) -> "Announce":
        """The server tells a room something."""
        from chat_core.use_cases.publish import Announce

        return Announce(append=self._append, drain=self._drain)

    @cached_property
    def drain_room(self) -> "DrainRoom":
        """A worker was woken for a room."""
        from chat_core.use_cases.drain_room import DrainRoom

        return DrainRoom(feed=self._ports.feed, drain=self._drain, wake=self._wake, ids=self._ports.ids)

    def _receive(self, handlers: "dict[type[Command], Handler]") -> "ReceiveFrame":
        from chat_core.use_cases.receive_frame import ReceiveFrame
        from chat_core.use_cases.respond import Respond
        from chat_core.use_cases.senders import Senders

        ports = self._ports
        respond = Respond(
            send=self._send,
            drain=self._drain,
            end=self._end,
            wake=self._wake,
            start_task=ports.start_task,
            sleep=ports.sleep,
            limits=ports.limits,
        )
        return ReceiveFrame(
            codecs=self.codecs,
            senders=Senders(sessions=ports.sessions, codecs=self.codecs, clock=ports.clock, sleep=ports.sleep),
            handlers=handlers,
            respond=respond,
            start_task=ports.start_task,
        )

    @cached_property
    def _publish(self) -> "PublishMessage":
        from chat_core.use_cases.publish import PublishMessage

        ports = self._ports
        return PublishMessage(append=self._append, rooms=ports.rooms, limiter=ports.limiter)

    @cached_property
    def _append(self) -> "AppendToRoom":
        from chat_core.use_cases.publish import AppendToRoom

        ports = self._ports
        return AppendToRoom(
            put=self._put,
            audience=ports.audience,
            codecs=self.codecs,
            clock=ports.clock,
            start_task=ports.start_task,
        )

    @cached_property
    def _past(self) -> "Past":
        from chat_core.use_cases.past import Past

        return Past(history=self._ports.history, clock=self._ports.clock)

    @cached_property
    def _wake(self) -> "WakeRoom":
        from chat_core.fanout.wake import WakeRoom

        return WakeRoom(feed=self._ports.feed, clock=self._ports.clock, wake_ups=self._ports.wake_ups)

    @cached_property
    def _put(self) -> "PutOnFeed":
        from chat_core.fanout.put import PutOnFeed

        return PutOnFeed(feed=self._ports.feed, wake=self._wake, ids=self._ports.ids)

    @cached_property
    def _end(self) -> "EndConnections":
        from chat_core.fanout.end_connections import EndConnections

        return EndConnections(sessions=self._ports.sessions, rooms=self._ports.rooms, put=self._put)

    @cached_property
    def _send(self) -> "SendFrames":
        from chat_core.fanout.send import SendFrames

        return SendFrames(sink=self._ports.sink)

    @cached_property
    def _deliver(self) -> "DeliverRound":
        from chat_core.fanout.members import DeliverToMembers
        from chat_core.fanout.round import CHUNK, DeliverRound

        ports = self._ports
        to_members = DeliverToMembers(
            sink=ports.sink, send=self._send, subscriptions=ports.subscriptions, end=self._end, codecs=self.codecs
        )
        return DeliverRound(
            to_members=to_members,
            subscriptions=ports.subscriptions,
            history=ports.history,
            codecs=self.codecs,
            start_task=ports.start_task,
            clock=ports.clock,
            chunk=self._chunk or CHUNK,
        )

    @cached_property
    def _drain(self) -> "Drain":
        from chat_core.fanout.drain import Drain

        ports = self._ports
        return Drain(
            feed=ports.feed,
            audience=ports.audience,
            history=ports.history,
            deliver=self._deliver,
            rooms=ports.rooms,
            wake=self._wake,
            start_task=ports.start_task,
            clock=ports.clock,
            ids=ports.ids,
        )
