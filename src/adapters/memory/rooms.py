"""The connections of a chat and the rooms that they are in, in dictionaries."""

import math
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from chat_core.domain.connection import AudiencePage, ClientInfo, Connection, Group, Member, Session, Waiting
from chat_core.errors import ConnectionClosed, LimitExceeded, Superseded
from chat_core.ports import Audience, Before, RoomPresence, Sessions, Subscriptions

CLOSED_SECONDS: Final = 60 * 60
"""How long a closed connection is remembered, so that a late request cannot revive it."""

LEFT_SECONDS: Final = 60
"""How long the command that ended a membership is remembered, so that an earlier one cannot make it again."""


@dataclass(slots=True)
class _Open:
    connection: Connection
    accepted: bool
    rooms: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Membership:
    member: Member
    joining_since: float | None = None
    missed: int | None = None
    left_at: float | None = None


class MemoryRooms(Sessions, Subscriptions, Audience, RoomPresence):
    """Keeps connections and memberships for as long as the process lives. Never `Unavailable`."""

    def __init__(self, *, page_size: int = 1000, clock: Callable[[], float] = time.time) -> None:
        self._page_size = page_size
        self._clock = clock
        self._open: dict[str, _Open] = {}
        self._rooms: defaultdict[str, dict[str, _Membership]] = defaultdict(dict)
        self._closed: dict[str, float] = {}
        """When each connection was closed, the oldest first."""

    async def open(self, connection: Connection, *, room: str | None = None, deadline: float = math.inf) -> None:
        self._drop_old()
        if connection.id in self._closed:
            raise ConnectionClosed
        found = self._open.setdefault(connection.id, _Open(connection, accepted=False))
        found.connection = connection
        if room is not None:
            found.accepted = True
            self._put(room, Member(connection=connection))

    async def accept(self, connection: Connection, *, room: str, deadline: float = math.inf) -> bool:
        found = self._open.get(connection.id)
        if found is None:
            raise ConnectionClosed
        if found.accepted:
            return False
        found.accepted, found.connection = True, connection
        self._put(room, Member(connection=connection))
        return True

    async def find(self, connection_id: str, *, deadline: float = math.inf) -> Session | None:
        found = self._open.get(connection_id)
        return None if found is None else _session(found)

    async def close(self, connection_ids: Sequence[str], *, deadline: float = math.inf) -> Sequence[Session]:
        self._drop_old()
        ended = []
        for connection_id in connection_ids:
            # At the end, even if it was closed before: it is remembered from now on.
            self._closed.pop(connection_id, None)
            self._closed[connection_id] = self._clock()
            found = self._open.pop(connection_id, None)
            if found is not None:
                ended.append(_session(found))
                for room in found.rooms:
                    self._delete(room, connection_id)
        return ended

    async def join(self, room: str, member: Member, *, most_rooms: int, deadline: float = math.inf) -> Before:
        found = self._open.get(member.connection.id)
        if found is None or not found.accepted:
            raise ConnectionClosed
        if room not in found.rooms and len(found.rooms) >= most_rooms:
            raise LimitExceeded(f"A client can be in {most_rooms} rooms.")
        before = self._membership(room, member.connection.id)
        if before and before.member.command > member.command:
            raise Superseded
        self._put(room, member, joining_since=self._clock())
        present = before is not None and before.left_at is None
        return Before(present=present, missed=before.missed if before and present else None)

    async def leave(self, room: str, connection_id: str, *, command: int, deadline: float = math.inf) -> Member | None:
        before = self._membership(room, connection_id)
        if before and before.member.command > command:
            raise Superseded
        found = self._open.get(connection_id)
        if found is None:
            return None
        member = before.member if before else Member(connection=found.connection)
        found.rooms.discard(room)
        self._rooms[room][connection_id] = _Membership(replace(member, command=command), left_at=self._clock())
        return member if before and before.left_at is None else None

    async def activate(self, room: str, members: Sequence[Member], *, deadline: float = math.inf) -> None:
        for member in members:
            found = self._present(room, member.connection.id)
            if found and found.member.command == member.command:
                found.joining_since = None

    async def miss(self, room: str, connection_ids: Sequence[str], *, offset: int, deadline: float = math.inf) -> None:
        for connection_id in connection_ids:
            found = self._present(room, connection_id)
            if found:
                found.missed = offset if found.missed is None else min(found.missed, offset)

    async def drop(self, room: str, connection_ids: Sequence[str], *, deadline: float = math.inf) -> None:
        for connection_id in connection_ids:
            self._delete(room, connection_id)

    async def pages(self, room: str, *, cursor: str = "", deadline: float = math.inf) -> AsyncIterator[AudiencePage]:
        found = self._members(room)
        left = iter(found[bisect_right(found, cursor, key=_id) :])
        while page := list(islice(left, self._page_size)):
            yield _page(page)

    async def members(self, room: str, *, deadline: float = math.inf) -> AsyncIterator[Sequence[ClientInfo]]:
        left = iter(self._members(room))
        while page := list(islice(left, self._page_size)):
            yield [ClientInfo.of(each.member.connection) for each in page]

    def _put(self, room: str, member: Member, *, joining_since: float | None = None) -> None:
        self._open[member.connection.id].rooms.add(room)
        self._rooms[room][member.connection.id] = _Membership(member, joining_since)

    def _delete(self, room: str, connection_id: str) -> None:
        if room in self._rooms:
            self._rooms[room].pop(connection_id, None)
            if not self._rooms[room]:
                del self._rooms[room]

    def _members(self, room: str) -> list[_Membership]:
        if room not in self._rooms:
            return []
        for each in list(self._rooms[room].values()):
            if each.left_at is not None and each.left_at < self._clock() - LEFT_SECONDS:
                self._delete(room, _id(each))
        return sorted((each for each in self._rooms.get(room, {}).values() if each.left_at is None), key=_id)

    def _membership(self, room: str, connection_id: str) -> _Membership | None:
        return self._rooms[room].get(connection_id) if room in self._rooms else None

    def _present(self, room: str, connection_id: str) -> _Membership | None:
        found = self._membership(room, connection_id)
        return found if found and found.left_at is None else None

    def _drop_old(self) -> None:
        until = self._clock() - CLOSED_SECONDS
        while self._closed and self._closed[next(iter(self._closed))] < until:
            del self._closed[next(iter(self._closed))]


def _session(found: _Open) -> Session:
    return Session(connection=found.connection, accepted=found.accepted, rooms=frozenset(found.rooms))


def _id(membership: _Membership) -> str:
    return membership.member.connection.id


def _page(page: Sequence[_Membership]) -> AudiencePage:
    groups: defaultdict[Group, list[str]] = defaultdict(list)
    waiting = []
    for each in page:
        codec = each.member.connection.codec
        if each.joining_since is None and each.missed is None:
            groups[Group(codec, each.member.wants_join_leave)].append(_id(each))
        else:
            waiting.append(Waiting(_id(each), codec, each.joining_since, each.missed))
    return AudiencePage(groups=dict(groups), waiting=waiting, next_cursor=_id(page[-1]))
