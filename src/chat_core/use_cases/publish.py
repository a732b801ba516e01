"""A message is sent to a room: by a client, or by the server."""

from dataclasses import dataclass, field, replace
from typing import Final

from chat_core.domain.commands import Publish, SendMessage
from chat_core.domain.connection import ClientInfo
from chat_core.domain.events import Event, MessagePublished
from chat_core.domain.history import StreamPosition
from chat_core.domain.replies import Published
from chat_core.domain.room import Rooms
from chat_core.errors import PermissionDenied, TooManyRequests
from chat_core.fanout.budget import UNLIMITED, Budget
from chat_core.fanout.drain import Drain, Prefetched
from chat_core.fanout.put import PutOnFeed
from chat_core.ports import Audience, Clock, RateLimiter, StartTask
from chat_core.use_cases.answer import Answer, Fallen
from chat_core.use_cases.sender import Sender
from chat_core.wire.codecs import Codecs

BUSY_SECONDS: Final = 1.0
"""For how long after another had the turn of a room it is likely to have it still."""
MOST_BUSY: Final = 1000
"""Rooms that are remembered as busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendToRoom:
    """Put an event on the feed of its room, a message with the time, and see to it that it is delivered.

    The audience is read beside the append: so there is one round trip before the first post. Not if another had the
    turn a moment ago: a room of a thousand with a hundred messages a second would be read a hundred times a second, in
    vain, and one partition of DynamoDB allows 3,000 read units (developer guide, "Best practices for designing
    partition keys").

    Raises:
        MessageTooLarge: in some codec; nothing was appended.
        RoomBusy: nothing was appended.
        Unavailable: it may have been appended.

    """

    put: PutOnFeed
    audience: Audience
    codecs: Codecs
    clock: Clock
    start_task: StartTask
    _busy_until: dict[str, float] = field(default_factory=dict)
    """Until when each room counts as busy, on the scale of `time.monotonic()`."""

    async def __call__(self, event: Event, budget: Budget) -> tuple[StreamPosition, Fallen | None]:
        """Append within the budget; return the position, and the turn if it fell to the caller."""
        self.codecs.check_event(event)
        if isinstance(event, MessagePublished):
            event = replace(event, time=self.clock.now())
        prefetched = self._prefetched(event.room, budget)
        fallen = None
        try:
            appended = await self.put(event.room, event, deadline=budget.settle_by)
            if appended.turn is not None:
                fallen = Fallen(turn=appended.turn, prefetched=prefetched)
        finally:
            if fallen is None and prefetched is not None:
                prefetched.cancel()
        self._learn(event.room, is_busy=fallen is None)
        return appended.position, fallen

    def _prefetched(self, room: str, budget: Budget) -> Prefetched | None:
        if self.clock.monotonic() < self._busy_until.get(room, 0.0):
            return None
        return Prefetched(self.audience, room, start_task=self.start_task, clock=self.clock, deadline=budget.settle_by)

    def _learn(self, room: str, *, is_busy: bool) -> None:
        if not is_busy:
            self._busy_until.pop(room, None)
            return
        if len(self._busy_until) >= MOST_BUSY:
            self._busy_until.clear()
        self._busy_until[room] = self.clock.monotonic() + BUSY_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishMessage:
    """Send a client's message to everyone in a room, the sender included.

    Raises:
        InvalidRequest, UnknownRoom: there is no such room.
        PermissionDenied: the client may not publish there.
        TooManyRequests: the sender exceeds its rate.
        MessageTooLarge, RoomBusy, Unavailable: as `AppendToRoom` has them.

    """

    append: AppendToRoom
    rooms: Rooms
    limiter: RateLimiter | None = None
    """Holds each connection to a rate; None if there is no such limit."""

    async def __call__(self, command: Publish, _command_id: int, sender: Sender, budget: Budget) -> Answer:
        """Publish within the budget."""
        options = self.rooms.options(command.room)
        await sender.require_accepted()
        by_subscriber = options.allow_publish_for_subscriber and sender.is_in(command.room)
        if not (by_subscriber or options.allow_publish_for_client):
            raise PermissionDenied
        return await self._append(command.room, command.data, sender.info, sender, budget)

    async def plain(self, command: SendMessage, _command_id: int, sender: Sender, budget: Budget) -> Answer:
        """Publish a plain client's message in the lobby, in which it is. Nobody is told which client it was."""
        return await self._append(command.room, command.data, None, sender, budget)

    async def _append(
        self, room: str, data: object, publisher: ClientInfo | None, sender: Sender, budget: Budget
    ) -> Answer:
        connection_id = sender.connection.id
        if self.limiter and not await self.limiter.admit(sender=connection_id, deadline=budget.settle_by):
            raise TooManyRequests
        message = MessagePublished(room=room, data=data, publisher=publisher)
        position, fallen = await self.append(message, budget)
        return Answer(reply=Published(position=position), fallen=fallen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """Send an event to a room from the server, and deliver it.

    Raises:
        MessageTooLarge, RoomBusy, Unavailable: as `AppendToRoom` has them.

    """

    append: AppendToRoom
    drain: Drain

    async def __call__(self, event: Event, budget: Budget = UNLIMITED) -> Published:
        """Announce within the budget."""
        position, fallen = await self.append(event, budget)
        if fallen is None:
            return Published(position=position)
        report = await self.drain(fallen.turn, budget, prefetched=fallen.prefetched)
        return Published(position=position, report=report)
