"""The memberships of rooms, each in an item of the table."""

import math
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from adapters.dynamodb.connection_item import description, read_connection
from adapters.dynamodb.table import (
    LEFT_SECONDS,
    LIFETIME_SECONDS,
    Json,
    connection_key,
    key,
    number,
    room_partition,
)
from adapters.dynamodb.table_client import ConditionFailed, TableClient, all_of, batches, changes, expressions
from aws_client import JsonClient
from chat_core.domain.connection import Member
from chat_core.errors import ConnectionClosed, LimitExceeded, Superseded
from chat_core.ports import Before, Subscriptions

T = TypeVar("T")

_UPDATE_AT_ONCE: Final = 100
_MARGIN_SECONDS: Final = 60
_KEPT_BEFORE: Final = ("command", "left_at", "missed")
"""What the item of a member that is joining keeps of what was there before."""


class DynamoDBSubscriptions(Subscriptions):
    """Keeps memberships in the items that `adapters.dynamodb.table` describes.

    Joining writes the connection's item and then the member's, and leaving the member's and then the connection's: two
    writes and no transaction, because a client's commands, many at once, would be in each other's way. The room is in
    the connection's item before the member is there, so that `close` finds every member.
    A connection that is closed between the two writes of a join leaves a member behind. It is joining, so that nothing
    is delivered to it. The reply to the join finds the client gone, and the caller closes and drops it then; or a later
    round does, which finds it waiting for too long; or it expires.
    """

    def __init__(self, client: JsonClient, *, table: str, clock: Callable[[], float] = time.time) -> None:
        self._table = TableClient(client, table)
        self._clock = clock

    async def join(self, room: str, member: Member, *, most_rooms: int, deadline: float = math.inf) -> Before:
        await self._enter(room, member, most_rooms, deadline)
        try:
            item = await self._join(room, member, deadline)
        except ConditionFailed as exc:
            item = exc.item
            if int(item["command"]["N"]) > member.command:
                await self._forget(room, member.connection.id, "#rooms.#room = :command", member.command, deadline)
                raise Superseded from exc
            # The first attempt succeeded, and its answer was lost.
        present = _before(item, "command") is not None and _before(item, "left_at") is None
        return Before(present=present, missed=_before(item, "missed") if present else None)

    async def leave(self, room: str, connection_id: str, *, command: int, deadline: float = math.inf) -> Member | None:
        now = int(self._clock())
        ended = {
            "command": number(command),
            "left_at": number(now),
            "expires_at": number(now + LEFT_SECONDS + _MARGIN_SECONDS),
            "joining": None,
            "missed": None,
        }
        update, values = changes(ended, also=["#left = if_not_exists(#left, :command)"])
        try:
            answer = await self._table.call(
                "UpdateItem",
                Key=key(room_partition(room), connection_id),
                ReturnValues="ALL_NEW",
                deadline=deadline,
                **expressions(
                    update=update,
                    condition="attribute_not_exists(#command) OR #command <= :command",
                    values=values,
                ),
            )
        except ConditionFailed as exc:
            raise Superseded from exc
        await self._forget(room, connection_id, "#rooms.#room <= :command", command, deadline)
        item = answer["Attributes"]
        # A membership that an earlier command ended already has the id of that one.
        if "format" not in item or int(item["left"]["N"]) != command:
            return None
        connection = read_connection(connection_id, item)
        return Member(connection=connection, command=command, wants_join_leave="join_leave" in item)

    async def activate(self, room: str, members: Sequence[Member], *, deadline: float = math.inf) -> None:
        await self._each(
            members,
            lambda each: self._update(
                room,
                each.connection.id,
                deadline,
                update=f"REMOVE #joining, {', '.join(f'#{name}_before' for name in _KEPT_BEFORE)}",
                condition="#command = :command AND attribute_not_exists(#left_at)",
                values={":command": number(each.command)},
            ),
        )

    async def miss(self, room: str, connection_ids: Sequence[str], *, offset: int, deadline: float = math.inf) -> None:
        await self._each(
            connection_ids,
            lambda each: self._update(
                room,
                each,
                deadline,
                update="SET #missed = :offset",
                condition="attribute_exists(#format) AND attribute_not_exists(#left_at)"
                " AND (attribute_not_exists(#missed) OR #missed > :offset)",
                values={":offset": number(offset)},
            ),
        )

    async def drop(self, room: str, connection_ids: Sequence[str], *, deadline: float = math.inf) -> None:
        members = [key(room_partition(room), each) for each in dict.fromkeys(connection_ids)]
        await self._table.delete(members, deadline=deadline)

    async def _enter(self, room: str, member: Member, most_rooms: int, deadline: float) -> None:
        """Put a room into the item of its new member's connection, from when on `close` looks there."""
        try:
            await self._table.call(
                "UpdateItem",
                Key=key(*connection_key(member.connection.id)),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                deadline=deadline,
                **expressions(
                    # A member expires before the item that leads to it.
                    update="SET #rooms.#room = :command, #expires_at = :expires_at",
                    condition="attribute_not_exists(#closed) AND #accepted = :true"
                    " AND (attribute_exists(#rooms.#room) OR size(#rooms) < :most)"
                    " AND (attribute_not_exists(#rooms.#room) OR #rooms.#room <= :command)",
                    values={
                        ":command": number(member.command),
                        ":expires_at": self._end(),
                        ":true": {"BOOL": True},
                        ":most": number(most_rooms),
                    },
                    names={"#room": room},
                ),
            )
        except ConditionFailed as exc:
            item = exc.item
            if "closed" in item or not item.get("accepted", {}).get("BOOL"):
                raise ConnectionClosed from exc
            if room in item["rooms"]["M"]:
                raise Superseded from exc
            raise LimitExceeded(f"A client can be in {most_rooms} rooms.") from exc

    async def _forget(self, room: str, connection_id: str, condition: str, command: int, deadline: float) -> None:
        """Take a room out of the connection's item, unless a later command has put it there."""
        with suppress(ConditionFailed):
            await self._table.call(
                "UpdateItem",
                Key=key(*connection_key(connection_id)),
                deadline=deadline,
                **expressions(
                    update="REMOVE #rooms.#room",
                    condition=condition,
                    values={":command": number(command)},
                    names={"#room": room},
                ),
            )

    async def _join(self, room: str, member: Member, deadline: float) -> Json:
        """Write the item of a member that is joining; return it. What it was before is in it until it is activated."""
        joining = description(member.connection) | {
            "command": number(member.command),
            "joining": number(self._clock()),
            "join_leave": {"BOOL": True} if member.wants_join_leave else None,
            "expires_at": self._end(),
            "missed": None,
            "left": None,
            "left_at": None,
        }
        update, values = changes(
            joining, also=[f"#{name}_before = if_not_exists(#{name}, :none)" for name in _KEPT_BEFORE]
        )
        answer = await self._table.call(
            "UpdateItem",
            Key=key(room_partition(room), member.connection.id),
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            deadline=deadline,
            **expressions(
                update=update,
                condition="attribute_not_exists(#command) OR #command < :command"
                " OR (#command = :command AND attribute_exists(#left_at))",
                values=values | {":none": number(-1)},
            ),
        )
        item: Json = answer["Attributes"]
        return item

    async def _update(self, room: str, connection_id: str, deadline: float, **parts: Any) -> None:
        """Change a member, if the condition holds."""
        with suppress(ConditionFailed):
            await self._table.call(
                "UpdateItem", Key=key(room_partition(room), connection_id), deadline=deadline, **expressions(**parts)
            )

    async def _each(self, values: Sequence[T], update: Callable[[T], Coroutine[Any, Any, None]]) -> None:
        # One part after the other: a call's time runs while it waits for a connection.
        for part in batches(values, _UPDATE_AT_ONCE):
            await all_of(update(each) for each in part)

    def _end(self) -> Json:
        return number(int(self._clock()) + LIFETIME_SECONDS)


def _before(item: Json, name: str) -> int | None:
    """Return what an attribute was before its member began to join."""
    value = int(item.get(f"{name}_before", {"N": "-1"})["N"])
    return None if value < 0 else value
