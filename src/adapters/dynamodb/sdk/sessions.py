"""The connections that are open, through PynamoDB."""

import math
import uuid
from collections.abc import Sequence

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from adapters.dynamodb.sdk.adapter import ConditionFailed, PynamoDBAdapter, update
from adapters.dynamodb.sdk.items import Item
from adapters.dynamodb.table import CLOSED_SECONDS, LIFETIME_SECONDS, connection_key
from chat_core.domain.connection import Connection, Session
from chat_core.errors import ConnectionClosed
from chat_core.ports import Sessions


class PynamoDBSessions(PynamoDBAdapter[Item], Sessions):
    """Keeps connections in a table of `Item`s."""

    kind = Item

    async def open(self, connection: Connection, *, room: str | None = None, deadline: float = math.inf) -> None:
        try:
            if room is None:
                await self._in_thread(deadline, lambda: self._open_unaccepted(connection))
            else:
                await self._in_thread(deadline, lambda: self._open_in(room, connection))
        except ConditionFailed as exc:
            raise ConnectionClosed from exc

    async def accept(self, connection: Connection, *, room: str, deadline: float = math.inf) -> bool:
        return await self._in_thread(deadline, lambda: self._accept(room, connection))

    async def find(self, connection_id: str, *, deadline: float = math.inf) -> Session | None:
        return await self._in_thread(deadline, lambda: self._find(connection_id))

    async def close(self, connection_ids: Sequence[str], *, deadline: float = math.inf) -> Sequence[Session]:
        return await self._in_thread(deadline, lambda: self._close(connection_ids))

    def _open_unaccepted(self, connection: Connection) -> None:
        actions = [
            self._items.accepted.set(self._items.accepted | False),
            self._items.rooms.set(self._items.rooms | {"M": {}}),
        ]
        update(
            self._items.connection(connection.id),
            [*self._described(connection), *actions],
            self._items.closed.does_not_exist(),
        )

    def _open_in(self, room: str, connection: Connection) -> None:
        closed, rooms = self._items.closed, self._items.rooms
        try:
            self._write_both(
                room,
                connection,
                [rooms.set({"M": {room: {"N": "0"}}})],
                closed.does_not_exist() & rooms.does_not_exist(),
            )
        except ConditionFailed:
            # It was closed, or is open already. An expression cannot set a map and an entry of it at once.
            entry = self._items.entry(room)
            self._write_both(room, connection, [entry.set(entry | 0)], closed.does_not_exist() & rooms.exists())

    def _accept(self, room: str, connection: Connection) -> bool:
        caller = uuid.uuid4().hex
        condition = self._items.closed.does_not_exist() & (self._items.accepted == False)  # noqa: E712 - an expression
        actions = [self._items.entry(room).set(0), self._items.accepted_by.set(caller)]
        try:
            self._write_both(room, connection, actions, condition)
        except ConditionFailed as exc:
            try:
                item = self._items.get(*connection_key(connection.id), consistent_read=True)
            except DoesNotExist:
                raise ConnectionClosed from exc
            if item.closed:
                raise ConnectionClosed from exc
            # If it was this call, the answer to its first attempt was lost.
            return item.accepted_by == caller
        return True

    def _write_both(self, room: str, connection: Connection, actions: Sequence[Action], condition: Condition) -> None:
        """Make an accepted connection and its member, at once."""
        member = self._items.member(room, connection.id)
        member.describe(connection)
        member.command = 0
        member.expires_at = self._end()
        changed = [*self._described(connection), self._items.accepted.set(True), *actions]

        def build(transaction: TransactWrite) -> None:
            transaction.update(self._items.connection(connection.id), actions=changed, condition=condition)
            transaction.save(member)

        self._transact(build)

    def _find(self, connection_id: str) -> Session | None:
        try:
            item = self._items.get(*connection_key(connection_id), consistent_read=True)
        except DoesNotExist:
            return None
        return None if item.closed or item.expires_at <= self._clock() else _session(connection_id, item)

    def _close(self, connection_ids: Sequence[str]) -> Sequence[Session]:
        """Mark connections as closed, from when on they cannot join, and then delete their memberships."""
        caller = uuid.uuid4().hex
        ended = []
        actions = [
            self._items.closed.set(self._items.closed | caller),
            self._items.expires_at.set(int(self._clock()) + CLOSED_SECONDS),
        ]
        with self._items.batch_write() as batch:
            for connection_id in dict.fromkeys(connection_ids):
                item = self._items.connection(connection_id)
                update(item, actions)
                for room in item.read_rooms():
                    batch.delete(self._items.member(room, connection_id))
                if item.closed == caller and item.format:
                    ended.append(_session(connection_id, item))
        return ended

    def _described(self, connection: Connection) -> list[Action]:
        return [*self._items.described(connection), self._items.expires_at.set(self._end())]

    def _end(self) -> int:
        return int(self._clock()) + LIFETIME_SECONDS


def _session(connection_id: str, item: Item) -> Session:
    return Session(
        connection=item.read_connection(connection_id),
        accepted=bool(item.accepted),
        rooms=frozenset(item.read_rooms()),
    )
