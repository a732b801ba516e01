"""A client asks about a room: what was said, and who is there."""

from dataclasses import dataclass

from chat_core.domain.commands import CountPresence, ReadHistory, ReadPresence
from chat_core.domain.connection import ClientInfo
from chat_core.domain.replies import History, Presence, PresenceCount
from chat_core.domain.room import RoomOptions, Rooms
from chat_core.errors import LimitExceeded, NotAvailable, PermissionDenied, Unrecoverable
from chat_core.fanout.budget import Budget
from chat_core.limits import Limits
from chat_core.ports import RoomFeed, RoomPresence
from chat_core.use_cases.answer import Answer
from chat_core.use_cases.past import Past
from chat_core.use_cases.sender import Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtHistory:
    """Tell a client what was said in a room.

    Raises:
        InvalidRequest, UnknownRoom: there is no such room.
        NotAvailable: the room keeps nothing.
        PermissionDenied: the client may not ask.
        Unrecoverable: the position is of another epoch.
        Unavailable: it could not be read.

    """

    rooms: Rooms
    feed: RoomFeed
    past: Past
    limits: Limits

    async def __call__(self, command: ReadHistory, _command_id: int, sender: Sender, budget: Budget) -> Answer:
        """Read within the budget."""
        options = self.rooms.options(command.room)
        await sender.require_accepted()
        if not options.keeps_history:
            raise NotAvailable
        by_subscriber = options.allow_history_for_subscriber and sender.is_in(command.room)
        if not (by_subscriber or options.allow_history_for_client):
            raise PermissionDenied
        return Answer(reply=await self.read(command, options, budget))

    async def read(self, command: ReadHistory, options: RoomOptions, budget: Budget) -> History:
        """Read, whoever asks."""
        stream = await self.feed.stream(command.room, deadline=budget.settle_by)
        since = command.since
        if since is not None and since.epoch not in ("", stream.top.epoch):
            raise Unrecoverable
        first, last = 1, stream.top.offset
        if since is not None and command.reverse:
            last = since.offset - 1
        elif since is not None:
            first = since.offset + 1
        most = self.limits.publications_at_once
        found = await self.past.between(
            command.room,
            stream,
            first=first,
            last=last,
            limit=most if not 0 <= command.limit <= most else command.limit,
            options=options,
            budget=budget,
            reverse=command.reverse,
        )
        return History(top=stream.top, publications=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtPresence:
    """Tell a client who is in a room, or how many.

    Raises:
        InvalidRequest, UnknownRoom: there is no such room.
        NotAvailable: the room does not tell.
        PermissionDenied: the client may not ask.
        LimitExceeded: more are in the room than one reply lists; they can be counted.
        Unavailable: it could not be read.

    """

    rooms: Rooms
    presence: RoomPresence
    limits: Limits

    async def members(self, command: ReadPresence, _command_id: int, sender: Sender, budget: Budget) -> Answer:
        """Read within the budget."""
        await self._require_right(command.room, sender)
        found: list[ClientInfo] = []
        async for page in self.presence.members(command.room, deadline=budget.settle_by):
            found += page
            if len(found) > self.limits.presence_members:
                raise LimitExceeded(f"More than {self.limits.presence_members} are in the room.")
        return Answer(reply=Presence(members=found))

    async def count(self, command: CountPresence, _command_id: int, sender: Sender, budget: Budget) -> Answer:
        """Count within the budget."""
        await self._require_right(command.room, sender)
        clients, users = 0, set[str]()
        async for page in self.presence.members(command.room, deadline=budget.settle_by):
            clients += len(page)
            users.update(each.user for each in page)
        return Answer(reply=PresenceCount(clients=clients, users=len(users)))

    async def _require_right(self, room: str, sender: Sender) -> None:
        options = self.rooms.options(room)
        await sender.require_accepted()
        if not options.presence:
            raise NotAvailable
        by_subscriber = options.allow_presence_for_subscriber and sender.is_in(room)
        if not (by_subscriber or options.allow_presence_for_client):
            raise PermissionDenied
