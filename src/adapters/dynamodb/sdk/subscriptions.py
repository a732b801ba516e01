"""The memberships of rooms, through PynamoDB."""

import math
from collections.abc import Sequence
from contextlib import suppress

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.update import Action

from adapters.dynamodb.sdk.adapter import ConditionFailed, PynamoDBAdapter, update
from adapters.dynamodb.sdk.items import Item
from adapters.dynamodb.table import LEFT_SECONDS, LIFETIME_SECONDS, connection_key, room_partition
from chat_core.domain.connection import Member
from chat_core.errors import ConnectionClosed, LimitExceeded, Superseded
from chat_core.ports import Before, Subscriptions


class PynamoDBSubscriptions(PynamoDBAdapter[Item], Subscriptions):
    """Keeps memberships in a table of `Item`s, as `DynamoDBSubscriptions` does."""

    kind = Item

    async def join(self, room: str, member: Member, *, most_rooms: int, deadline: float = math.inf) -> Before:
        return await self._in_thread(deadline, lambda: self._join(room, member, most_rooms))

    async def leave(self, room: str, connection_id: str, *, command: int, deadline: float = math.inf) -> Member | None:
        return await self._in_thread(deadline, lambda: self._leave(room, connection_id, command))

    async def activate(self, room: str, members: Sequence[Member], *, deadline: float = math.inf) -> None:
        await self._in_thread(deadline, lambda: self._activate(room, members))

    async def miss(self, room: str, connection_ids: Sequence[str], *, offset: int, deadline: float = math.inf) -> None:
        await self._in_thread(deadline, lambda: self._miss(room, connection_ids, offset))

    async def drop(self, room: str, connection_ids: Sequence[str], *, deadline: float = math.inf) -> None:
        await self._in_thread(deadline, lambda: self._drop(room, connection_ids))

    def _join(self, room: str, member: Member, most_rooms: int) -> Before:
        self._enter(room, member, most_rooms)
        items = self._items
        item = items.member(room, member.connection.id)
        command = member.command
        actions = [
            *items.described(member.connection),
            items.command.set(command),
            items.joining.set(self._clock()),
            items.join_leave.set(True) if member.wants_join_leave else items.join_leave.remove(),
            items.expires_at.set(self._end()),
            *(each.remove() for each in (items.missed, items.left, items.left_at)),
            items.command_before.set(items.command | -1),
            items.left_at_before.set(items.left_at | -1),
            items.missed_before.set(items.missed | -1),
        ]
        again = (items.command == command) & items.left_at.exists()
        try:
            update(item, actions, items.command.does_not_exist() | (items.command < command) | again)
        except ConditionFailed as exc:
            item = self._items.get(room_partition(room), member.connection.id, consistent_read=True)
            if item.command > command:
                entry = items.entry(room)
                self._change(items.connection(member.connection.id), [entry.remove()], entry == command)
                raise Superseded from exc
            # The first attempt succeeded, and its answer was lost.
        present = _before(item.command_before) is not None and _before(item.left_at_before) is None
        return Before(present=present, missed=_before(item.missed_before) if present else None)

    def _enter(self, room: str, member: Member, most_rooms: int) -> None:
        """Put a room into the item of its new member's connection, from when on `close` looks there."""
        items, entry = self._items, self._items.entry(room)
        connection_id, command = member.connection.id, member.command
        try:
            update(
                items.connection(connection_id),
                [entry.set(command), items.expires_at.set(self._end())],
                items.closed.does_not_exist()
                & (items.accepted == True)  # noqa: E712 - an expression
                & (entry.exists() | (size(items.rooms) < most_rooms))  # type: ignore[no-untyped-call]
                & (entry.does_not_exist() | (entry <= command)),
            )
        except ConditionFailed as exc:
            try:
                item = items.get(*connection_key(connection_id), consistent_read=True)
            except DoesNotExist:
                raise ConnectionClosed from exc
            if item.closed or not item.accepted:
                raise ConnectionClosed from exc
            if room in item.read_rooms():
                raise Superseded from exc
            raise LimitExceeded(f"A client can be in {most_rooms} rooms.") from exc

    def _leave(self, room: str, connection_id: str, command: int) -> Member | None:
        items, entry = self._items, self._items.entry(room)
        item = items.member(room, connection_id)
        now = int(self._clock())
        actions = [
            items.command.set(command),
            items.left_at.set(now),
            items.left.set(items.left | command),
            items.expires_at.set(now + 2 * LEFT_SECONDS),
            items.joining.remove(),
            items.missed.remove(),
        ]
        try:
            update(item, actions, items.command.does_not_exist() | (items.command <= command))
        except ConditionFailed as exc:
            raise Superseded from exc
        self._change(items.connection(connection_id), [entry.remove()], entry <= command)
        # A membership that an earlier command ended already has the id of that one.
        if not item.format or item.left != command:
            return None
        connection = item.read_connection(connection_id)
        return Member(connection=connection, command=command, wants_join_leave=bool(item.join_leave))

    def _activate(self, room: str, members: Sequence[Member]) -> None:
        items = self._items
        joined = [items.joining, items.command_before, items.left_at_before, items.missed_before]
        actions = [each.remove() for each in joined]
        for each in members:
            condition = (items.command == each.command) & items.left_at.does_not_exist()
            self._change(items.member(room, each.connection.id), actions, condition)

    def _miss(self, room: str, connection_ids: Sequence[str], offset: int) -> None:
        items = self._items
        is_lowest = items.missed.does_not_exist() | (items.missed > offset)
        for each in connection_ids:
            condition = items.format.exists() & items.left_at.does_not_exist() & is_lowest
            self._change(items.member(room, each), [items.missed.set(offset)], condition)

    def _drop(self, room: str, connection_ids: Sequence[str]) -> None:
        with self._items.batch_write() as batch:
            for each in dict.fromkeys(connection_ids):
                batch.delete(self._items.member(room, each))

    def _change(self, item: Item, actions: Sequence[Action], condition: Condition) -> None:
        """Change an item, if the condition holds."""
        with suppress(ConditionFailed):
            update(item, actions, condition)

    def _end(self) -> int:
        return int(self._clock()) + LIFETIME_SECONDS


def _before(value: float | None) -> int | None:
    """Return what an attribute was before its member began to join."""
    return None if value is None or value < 0 else int(value)
