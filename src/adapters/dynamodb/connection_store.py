"""The connections of the chat in one DynamoDB table, with requests made and answers read here.

The SDKs' layers cost 10 to 60 times what the bytes need: 38 ms of CPU to read a thousand recipients through PynamoDB,
0.6 from the JSON; 400 ms to start, 110 here (docs/performance.md).
"""

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

from adapters.dynamodb.client import faults_as_unavailable
from adapters.dynamodb.table import (
    CLOSED_SECONDS,
    LIFETIME_SECONDS,
    PAGE_SIZE,
    connection_key,
    key,
    room_partition,
)
from aws_client import JsonClient, ServiceError, ServiceUnreachable
from chat_core.domain.connection import AudiencePage, Connection
from chat_core.errors import ConnectionClosed
from chat_core.ports import ConnectionStore

T = TypeVar("T")

Json = dict[str, Any]

_WRITE_AT_ONCE: Final = 25
"""What `BatchWriteItem` takes (API reference)."""
_REMOVE_AT_ONCE: Final = 100
_ROUNDS: Final = 8
"""How often what a batch left undone is asked for again."""


class DynamoDBConnectionStore(ConnectionStore):
    """Keeps memberships in the items that `adapters.dynamodb.table` describes.

    Throttling and transient faults of the service are retried. A fault that persists is `Unavailable`.
    """

    def __init__(self, client: JsonClient, *, table: str, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    async def join(self, *, room: str, connection: Connection, deadline: float = math.inf) -> None:
        codec = {"S": connection.codec}
        expires_at = {"N": str(int(self._clock()) + LIFETIME_SECONDS)}
        update = {
            "Key": key(*connection_key(connection.id)),
            "UpdateExpression": "ADD rooms :rooms SET #format = :format, expires_at = :expires_at",
            "ConditionExpression": "attribute_not_exists(closed)",
            "ExpressionAttributeNames": _FORMAT,
            "ExpressionAttributeValues": {":format": codec, ":expires_at": expires_at, ":rooms": {"SS": [room]}},
        }
        member = key(room_partition(room), connection.id) | {"format": codec, "expires_at": expires_at}
        with faults_as_unavailable():
            await self._transact({"Update": update}, {"Put": {"Item": member}}, deadline=deadline)

    async def remove(self, *, connection_ids: Sequence[str], deadline: float = math.inf) -> None:
        ids = list(dict.fromkeys(connection_ids))
        with faults_as_unavailable():
            # One part after the other: a call's time runs while it waits for a connection.
            for part in _batches(ids, _REMOVE_AT_ONCE):
                await self._remove(part, deadline)

    async def find(self, *, connection_id: str, deadline: float = math.inf) -> Connection | None:
        with faults_as_unavailable():
            answer = await self._call(
                "GetItem", Key=key(*connection_key(connection_id)), ConsistentRead=True, deadline=deadline
            )
        item = answer.get("Item")
        if item is None or "closed" in item or "format" not in item:
            return None
        return Connection(id=connection_id, codec=item["format"]["S"])

    async def recipients(
        self, *, room: str, cursor: str = "", deadline: float = math.inf
    ) -> AsyncIterator[AudiencePage]:
        start: Json = {"ExclusiveStartKey": key(room_partition(room), cursor)} if cursor else {}
        while True:
            with faults_as_unavailable():
                answer = await self._call(
                    "Query",
                    KeyConditionExpression="pk = :room",
                    ExpressionAttributeValues={":room": {"S": room_partition(room)}},
                    # What is not asked for is not sent: that saves most of the time that reading takes.
                    ProjectionExpression="sk, #format",
                    ExpressionAttributeNames=_FORMAT,
                    ConsistentRead=True,
                    deadline=deadline,
                    **start,
                )
            for page in _pages(answer["Items"]):
                yield page
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    async def _remove(self, connection_ids: Sequence[str], deadline: float) -> None:
        """Close these connections, and then delete their memberships."""
        rooms = await _all(self._close(each, deadline) for each in connection_ids)
        members = [
            key(room_partition(room), connection_id)
            for connection_id, joined in zip(connection_ids, rooms, strict=True)
            for room in joined
        ]
        await _all(self._delete(part, deadline) for part in _batches(members, _WRITE_AT_ONCE))

    async def _close(self, connection_id: str, deadline: float) -> Sequence[str]:
        """Mark a connection as closed, from when on it cannot join; return its rooms.

        The rooms stay in the item: a repetition finds them again if a process dies before it has deleted the members.
        """
        answer = await self._call(
            "UpdateItem",
            Key=key(*connection_key(connection_id)),
            UpdateExpression="SET closed = :closed, expires_at = :expires_at",
            ExpressionAttributeValues={
                ":closed": {"BOOL": True},
                ":expires_at": {"N": str(int(self._clock()) + CLOSED_SECONDS)},
            },
            ReturnValues="ALL_NEW",
            deadline=deadline,
        )
        rooms: Sequence[str] = answer["Attributes"].get("rooms", {}).get("SS", ())
        return rooms

    async def _transact(self, *writes: Json, deadline: float) -> None:
        """Make all the writes, or none.

        Raises:
            ConnectionClosed: a condition does not hold.

        """
        table = {"TableName": self._table}
        items = [{action: table | write for action, write in each.items()} for each in writes]
        for attempt in range(_ROUNDS):
            try:
                await self._client.call("TransactWriteItems", {"TransactItems": items}, deadline=deadline)
            except ServiceError as exc:
                if "ConditionalCheckFailed" in exc.reasons:
                    raise ConnectionClosed from exc
                # Another reason passes: a conflict with another write of the same item, or throttling.
                if exc.code != "TransactionCanceledException" or attempt == _ROUNDS - 1:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS * random.random())  # noqa: S311 - spreads retries
            else:
                return

    async def _delete(self, keys: Sequence[Json], deadline: float) -> None:
        pending: Json = {self._table: [{"DeleteRequest": {"Key": key}} for key in keys]}
        for _ in range(_ROUNDS):
            answer = await self._client.call("BatchWriteItem", {"RequestItems": pending}, deadline=deadline)
            pending = answer.get("UnprocessedItems") or {}
            if not pending:
                return
            await asyncio.sleep(_PAUSE_SECONDS)
        raise ServiceUnreachable("items were left undeleted")

    async def _call(self, operation: str, *, deadline: float, **request: Any) -> Json:
        return await self._client.call(operation, {"TableName": self._table, **request}, deadline=deadline)


_FORMAT: Final = {"#format": "format"}
"""It is one of DynamoDB's reserved words, which an expression must not name."""
_PAUSE_SECONDS: Final = 0.1


def _pages(items: Sequence[Json]) -> Iterator[AudiencePage]:
    for at in range(0, len(items), PAGE_SIZE):
        part = items[at : at + PAGE_SIZE]
        ids: dict[str, list[str]] = {}
        for item in part:
            codec = item["format"]["S"]
            found = ids.get(codec)
            if found is None:
                found = ids[codec] = []
            found.append(item["sk"]["S"])
        yield AudiencePage(ids=ids, next_cursor=part[-1]["sk"]["S"])


def _batches(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for at in range(0, len(values), size):
        yield values[at : at + size]


async def _all(steps: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run them concurrently; return their results. The first failure cancels the others and is raised."""
    tasks = [asyncio.create_task(step) for step in steps]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
