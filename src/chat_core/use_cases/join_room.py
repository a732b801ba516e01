"""A client joins a room, and leaves it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from chat_core.domain.commands import Join, Leave
from chat_core.domain.connection import ClientInfo, Member
from chat_core.domain.events import Event, MemberJoined, MemberLeft
from chat_core.domain.feed import Joiner, Turn
from chat_core.domain.history import Missed, Stream, StreamPosition
from chat_core.domain.replies import Joined, Left
from chat_core.domain.rights import may_join
from chat_core.domain.room import RoomOptions, Rooms
from chat_core.errors import PermissionDenied, Superseded, Unrecoverable
from chat_core.fanout.budget import Budget
from chat_core.fanout.put import PutOnFeed
from chat_core.limits import Limits
from chat_core.ports import RoomFeed, Sessions, Subscriptions
from chat_core.use_cases.answer import Answer
from chat_core.use_cases.past import Past
from chat_core.use_cases.sender import Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRoom:
    """Make a client a member of a room, so that it misses nothing from its reply on, and nothing overtakes the reply.

    1. The member is written, and is not delivered to.
    2. The stream is read. The reply tells what was missed, up to a position.
    3. When the reply has reached the client, the member and the position go onto the room's feed.
    4. Whoever has the turn lets the member catch up from that position, and delivers to it from then on.

    Raises:
        InvalidRequest, UnknownRoom: there is no such room.
        PermissionDenied: the client may not join it.
        LimitExceeded: it is in too many rooms.
        Unrecoverable: not all can be recovered, and it wants nothing less.
        Unavailable: it may be a member that nobody delivers to. It can ask again.

    """

    rooms: Rooms
    subscriptions: Subscriptions
    sessions: Sessions
    feed: RoomFeed
    past: Past
    put: PutOnFeed
    limits: Limits

    async def __call__(self, command: Join, command_id: int, sender: Sender, budget: Budget) -> Answer:
        """Join within the budget."""
        room = command.room
        options = self.rooms.options(room)
        await sender.require_accepted()
        if not may_join(sender.connection, room, options):
            raise PermissionDenied
        member = Member(
            connection=sender.connection,
            command=command_id,
            wants_join_leave=command.join_leave and options.join_leave,
        )
        # Each is in the room of everyone besides.
        most_rooms = self.limits.rooms_per_connection + 1
        try:
            before = await self.subscriptions.join(room, member, most_rooms=most_rooms, deadline=budget.settle_by)
        except Superseded:
            # The client has left, or joined again, meanwhile. It has no use for the reply, but it waits for one.
            stream = await self.feed.stream(room, deadline=budget.settle_by)
            return Answer(reply=_joined(command, options, stream))
        sender.joined(room)
        stream = await self.feed.stream(room, deadline=budget.settle_by)
        reply = await self._reply(command, options, stream, before.missed, budget)
        if command.reject_unrecovered and reply.missed and not reply.missed.recovered:
            await self.subscriptions.leave(room, member.connection.id, command=command_id, deadline=budget.settle_by)
            raise Unrecoverable
        announced = MemberJoined(room=room, member=sender.info) if options.announces and not before.present else None
        joiner = Joiner(member, stream.top.offset)
        return Answer(
            reply=reply, then=self._enter(room, announced, joiner, budget), undo=self._undo(room, member, budget)
        )

    async def _reply(
        self, command: Join, options: RoomOptions, stream: Stream, missed: int | None, budget: Budget
    ) -> Joined:
        reply = _joined(command, options, stream)
        if command.recover is None or not reply.recoverable:
            return reply
        # What a delivery could not bring counts as missed, even if later messages came.
        asked = command.recover.offset if missed is None else min(command.recover.offset, missed - 1)
        position = StreamPosition(command.recover.epoch, asked)
        most = self.limits.publications_at_once
        found = await self.past.since(command.room, stream, position, most=most, options=options, budget=budget)
        return _joined(command, options, stream, missed=found, asked=asked)

    def _enter(
        self, room: str, announced: Event | None, joiner: Joiner, budget: Budget
    ) -> Callable[[], Awaitable[Turn | None]]:
        async def enter() -> Turn | None:
            return (await self.put(room, announced, joiner=joiner, deadline=budget.settle_by)).turn

        return enter

    def _undo(self, room: str, member: Member, budget: Budget) -> Callable[[], Awaitable[None]]:
        async def undo() -> None:
            ids = [member.connection.id]
            await self.sessions.close(ids, deadline=budget.settle_by)
            # Also what was written after the connection had been closed.
            await self.subscriptions.drop(room, ids, deadline=budget.settle_by)

        return undo


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveRoom:
    """End a client's membership of a room.

    Raises:
        Unavailable: the client may still be a member.

    """

    rooms: Rooms
    subscriptions: Subscriptions
    put: PutOnFeed

    async def __call__(self, command: Leave, command_id: int, sender: Sender, budget: Budget) -> Answer:
        """Leave within the budget."""
        room = command.room
        options = self.rooms.options(room)
        await sender.require_accepted()
        try:
            ended = await self.subscriptions.leave(
                room, sender.connection.id, command=command_id, deadline=budget.settle_by
            )
        except Superseded:
            ended = None
        if ended is None or not options.announces:
            return Answer(reply=Left(room=room))

        left = MemberLeft(room=room, member=ClientInfo.of(ended.connection))

        async def tell() -> Turn | None:
            return (await self.put(room, left, deadline=budget.settle_by)).turn

        return Answer(reply=Left(room=room), then=tell)


def _joined(
    command: Join, options: RoomOptions, stream: Stream, *, missed: Missed | None = None, asked: int = 0
) -> Joined:
    recoverable = options.keeps_history and (options.force_recovery or command.recoverable)
    positioned = recoverable or (options.keeps_history and (options.force_positioning or command.positioned))
    return Joined(
        room=command.room,
        top=stream.top,
        recoverable=recoverable,
        positioned=positioned,
        missed=missed,
        asked=asked,
    )
