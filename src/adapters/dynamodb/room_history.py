"""What rooms keep of their past, each message in an item of the table."""

import math
import time
from collections.abc import Callable, Sequence

from adapters.dynamodb.table import HIGHEST_OFFSET, Json, key, log_partition, message_key, number, text
from adapters.dynamodb.table_client import TableClient
from adapters.dynamodb.texts import read_message, write_event
from aws_client import JsonClient
from chat_core.domain.events import MessagePublished
from chat_core.ports import RoomHistory


class DynamoDBRoomHistory(RoomHistory):
    """Keeps messages in the items that `adapters.dynamodb.table` describes. DynamoDB deletes them when they expire."""

    def __init__(self, client: JsonClient, *, table: str, clock: Callable[[], float] = time.time) -> None:
        self._table = TableClient(client, table)
        self._clock = clock

    async def record(
        self,
        room: str,
        messages: Sequence[MessagePublished],
        *,
        epoch: str,
        ttl: int,
        deadline: float = math.inf,
    ) -> None:
        items = [self._item(room, each, epoch, ttl) for each in {each.offset: each for each in messages}.values()]
        if len(items) == 1:
            await self._table.call("PutItem", Item=items[0], deadline=deadline)
        else:
            await self._table.put(items, deadline=deadline)

    async def read(
        self,
        room: str,
        *,
        epoch: str,
        first: int,
        last: int,
        limit: int,
        reverse: bool = False,
        deadline: float = math.inf,
    ) -> Sequence[MessagePublished]:
        if first > min(last, HIGHEST_OFFSET) or last < 0 or limit <= 0:
            return ()
        found: list[Json] = []
        answers = self._table.query(
            # A range of keys, so that nothing is read that is not returned.
            KeyConditionExpression="pk = :log AND sk BETWEEN :first AND :last",
            ProjectionExpression="sk, event",
            ExpressionAttributeValues={
                ":log": text(log_partition(room)),
                ":first": text(message_key(room, epoch, first)[1]),
                ":last": text(message_key(room, epoch, last)[1]),
            },
            ScanIndexForward=not reverse,
            Limit=min(limit, _MOST_AT_ONCE),
            deadline=deadline,
        )
        async for items in answers:
            found += items
            if len(found) >= limit:
                break
        return [_message(room, item) for item in found[:limit]]

    async def clear(self, room: str, *, deadline: float = math.inf) -> None:
        answers = self._table.query(
            KeyConditionExpression="pk = :log",
            ProjectionExpression="pk, sk",
            ExpressionAttributeValues={":log": text(log_partition(room))},
            deadline=deadline,
        )
        async for items in answers:
            await self._table.delete(items, deadline=deadline)

    def _item(self, room: str, message: MessagePublished, epoch: str, ttl: int) -> Json:
        event = text(write_event(message, room=room))
        expires_at = number(expiry(message, ttl, now=self._clock()))
        return key(*message_key(room, epoch, message.offset)) | {"event": event, "expires_at": expires_at}


_MOST_AT_ONCE = 1000
"""Items that one request asks for. The most that fits an answer is 1 MB in any case."""
_LATEST_SECONDS = 24 * 60 * 60
"""How late after its time a message is recorded at most: a turn that nobody took over for a while."""


def expiry(message: MessagePublished, ttl: int, *, now: float) -> int:
    """Return when DynamoDB may delete a message, in seconds since the epoch.

    What expired more than five years ago is never deleted (developer guide, "Using time to live"). So a message without
    a time counts as one of yesterday.
    """
    return int(max(message.time, now - _LATEST_SECONDS) + ttl)


def _message(room: str, item: Json) -> MessagePublished:
    offset = int(item["sk"]["S"].rpartition("#")[2])
    return read_message(item["event"]["S"], room=room, offset=offset)
