"""The connections that are open, each in an item of the table."""

import math
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Final

from adapters.dynamodb.connection_item import description, read_rooms, read_session
from adapters.dynamodb.table import (
    CLOSED_SECONDS,
    LIFETIME_SECONDS,
    Json,
    connection_key,
    key,
    number,
    room_partition,
    text,
)
from adapters.dynamodb.table_client import ConditionFailed, TableClient, all_of, batches, changes, expressions
from aws_client import JsonClient
from chat_core.domain.connection import Connection, Session
from chat_core.errors import ConnectionClosed
from chat_core.ports import Sessions

_CLOSE_AT_ONCE: Final = 100


class DynamoDBSessions(Sessions):
    """Keeps connections in the items that `adapters.dynamodb.table` describes.

    Opening without a room costs one write, opening with one and accepting cost a transaction of two. Closing costs a
    write, and one for each room.
    """

    def __init__(self, client: JsonClient, *, table: str, clock: Callable[[], float] = time.time) -> None:
        self._table = TableClient(client, table)
        self._clock = clock

    async def open(self, connection: Connection, *, room: str | None = None, deadline: float = math.inf) -> None:
        try:
            if room is None:
                await self._open_unaccepted(connection, deadline)
            else:
                await self._open_in(room, connection, deadline)
        except ConditionFailed as exc:
            raise ConnectionClosed from exc

    async def accept(self, connection: Connection, *, room: str, deadline: float = math.inf) -> bool:
        caller = uuid.uuid4().hex
        accepting = self._update(
            connection,
            also=["#accepted = :true", "#accepted_by = :caller", "#rooms.#room = :zero"],
            condition="attribute_exists(#rooms) AND attribute_not_exists(#closed) AND #accepted = :false",
            values={":true": {"BOOL": True}, ":false": {"BOOL": False}, ":zero": number(0), ":caller": text(caller)},
            names={"#room": room},
        )
        try:
            await self._table.transact({"Update": accepting}, self._put(room, connection), deadline=deadline)
        except ConditionFailed as exc:
            item = await self._table.get(key(*connection_key(connection.id)), deadline=deadline)
            if not item or "closed" in item:
                raise ConnectionClosed from exc
            # If it was this call, the answer to its first attempt was lost.
            return item.get("accepted_by") == text(caller)
        return True

    async def find(self, connection_id: str, *, deadline: float = math.inf) -> Session | None:
        item = await self._table.get(key(*connection_key(connection_id)), deadline=deadline)
        # DynamoDB deletes expired items some days late (developer guide, "Using time to live").
        if not item or "closed" in item or int(item["expires_at"]["N"]) <= self._clock():
            return None
        return read_session(connection_id, item)

    async def close(self, connection_ids: Sequence[str], *, deadline: float = math.inf) -> Sequence[Session]:
        ended: list[Session] = []
        # One part after the other: a call's time runs while it waits for a connection.
        for part in batches(list(dict.fromkeys(connection_ids)), _CLOSE_AT_ONCE):
            ended += await self._close(part, deadline)
        return ended

    async def _open_unaccepted(self, connection: Connection, deadline: float) -> None:
        opening = self._update(
            connection,
            also=["#accepted = if_not_exists(#accepted, :false)", "#rooms = if_not_exists(#rooms, :none)"],
            condition="attribute_not_exists(#closed)",
            values={":false": {"BOOL": False}, ":none": {"M": {}}},
        )
        await self._table.call("UpdateItem", deadline=deadline, **opening)

    async def _open_in(self, room: str, connection: Connection, deadline: float) -> None:
        opening = self._update(
            connection,
            also=["#accepted = :true", "#rooms = :rooms"],
            condition="attribute_not_exists(#rooms) AND attribute_not_exists(#closed)",
            values={":true": {"BOOL": True}, ":rooms": {"M": {room: number(0)}}},
        )
        try:
            await self._table.transact({"Update": opening}, self._put(room, connection), deadline=deadline)
        except ConditionFailed:
            # It was closed, or is open already. An expression cannot set a map and an entry of it at once.
            again = self._update(
                connection,
                also=["#accepted = :true", "#rooms.#room = if_not_exists(#rooms.#room, :zero)"],
                condition="attribute_exists(#rooms) AND attribute_not_exists(#closed)",
                values={":true": {"BOOL": True}, ":zero": number(0)},
                names={"#room": room},
            )
            await self._table.transact({"Update": again}, self._put(room, connection), deadline=deadline)

    async def _close(self, connection_ids: Sequence[str], deadline: float) -> Sequence[Session]:
        """Close these connections, and then delete their memberships."""
        caller = uuid.uuid4().hex
        items = await all_of(self._mark(each, caller, deadline) for each in connection_ids)
        closed = list(zip(connection_ids, items, strict=True))
        members = [key(room_partition(room), each) for each, item in closed for room in read_rooms(item)]
        await self._table.delete(members, deadline=deadline)
        return [
            read_session(each, item) for each, item in closed if item["closed"].get("S") == caller and "format" in item
        ]

    async def _mark(self, connection_id: str, caller: str, deadline: float) -> Json:
        """Mark a connection as closed, from when on it cannot join; return its item.

        The mark names the first caller, so that one whose answer was lost finds itself. The rooms stay in the item: a
        repetition finds them again if a process dies before it has deleted the members.
        """
        answer = await self._table.call(
            "UpdateItem",
            Key=key(*connection_key(connection_id)),
            ReturnValues="ALL_NEW",
            deadline=deadline,
            **expressions(
                update="SET #closed = if_not_exists(#closed, :caller), #expires_at = :expires_at",
                values={":caller": text(caller), ":expires_at": number(int(self._clock()) + CLOSED_SECONDS)},
            ),
        )
        item: Json = answer["Attributes"]
        return item

    def _update(
        self,
        connection: Connection,
        *,
        also: Sequence[str],
        condition: str,
        values: dict[str, Json],
        names: dict[str, str] | None = None,
    ) -> Json:
        update, described = changes(description(connection) | {"expires_at": self._end()}, also=also)
        return {
            "Key": key(*connection_key(connection.id)),
            **expressions(update=update, condition=condition, values=described | values, names=names),
        }

    def _put(self, room: str, connection: Connection) -> Json:
        described = {name: value for name, value in description(connection).items() if value is not None}
        item = key(room_partition(room), connection.id) | described
        return {"Put": {"Item": item | {"command": number(0), "expires_at": self._end()}}}

    def _end(self) -> Json:
        return number(int(self._clock()) + LIFETIME_SECONDS)
