"""Who is connected, in one DynamoDB table, with requests made and answers read here.

The SDKs' layers cost 10 to 60 times what the bytes need: 38 ms of CPU to read a thousand recipients through PynamoDB,
0.6 from the JSON; 400 ms to start, 110 here (docs/performance.md).
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from adapters.dynamodb.client import faults_as_unavailable
from adapters.dynamodb.table import LIFETIME_SECONDS, PAGE_SIZE, connection_key, key, room_partition
from aws_client import JsonClient, ServiceUnreachable
from chat_core.model import Connection, Format, RecipientsPage
from chat_core.ports import ConnectionStore

Json = dict[str, Any]

_GET_AT_ONCE: Final = 100
_WRITE_AT_ONCE: Final = 25
"""What `BatchGetItem` and `BatchWriteItem` take (API reference)."""
_ROUNDS: Final = 8
"""How often what a batch left undone is asked for again."""


class DynamoDBConnectionStore(ConnectionStore):
    """Keeps memberships in the items that `adapters.dynamodb.table` describes.

    Throttling and faults of the service that pass are tried again; what stays is `Unavailable`.
    """

    def __init__(self, client: JsonClient, *, table: str, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    async def join(self, *, room: str, connection: Connection, deadline: float = math.inf) -> None:
        common = {
            ":format": {"S": str(connection.format)},
            ":expires_at": {"N": str(int(self._clock()) + LIFETIME_SECONDS)},
        }
        with faults_as_unavailable():
            await self._call(
                "UpdateItem",
                Key=key(*connection_key(connection.id)),
                UpdateExpression="ADD rooms :rooms SET #format = :format, expires_at = :expires_at",
                ExpressionAttributeNames=_FORMAT,
                ExpressionAttributeValues=common | {":rooms": {"SS": [room]}},
                deadline=deadline,
            )
            member = {"format": common[":format"], "expires_at": common[":expires_at"]}
            await self._call("PutItem", Item=key(room_partition(room), connection.id) | member, deadline=deadline)

    async def forget(self, *, connection_ids: Sequence[str], deadline: float = math.inf) -> None:
        ids = list(dict.fromkeys(connection_ids))
        parts = [ids[at : at + _GET_AT_ONCE] for at in range(0, len(ids), _GET_AT_ONCE)]
        with faults_as_unavailable():
            await _all(self._forget(part, deadline) for part in parts)

    async def find(self, *, connection_id: str, deadline: float = math.inf) -> Connection | None:
        with faults_as_unavailable():
            answer = await self._call(
                "GetItem", Key=key(*connection_key(connection_id)), ConsistentRead=True, deadline=deadline
            )
        item = answer.get("Item")
        return None if item is None else Connection(id=connection_id, format=Format(item["format"]["S"]))

    async def recipients(
        self, *, room: str, after: str = "", deadline: float = math.inf
    ) -> AsyncIterator[RecipientsPage]:
        start: Json = {"ExclusiveStartKey": key(room_partition(room), after)} if after else {}
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

    async def _forget(self, connection_ids: Sequence[str], deadline: float) -> None:
        keys = {connection_key(connection_id)[0]: connection_id for connection_id in connection_ids}
        deletes = []
        for item in await self._get(keys, deadline):
            connection_id = keys[item["pk"]["S"]]
            rooms = item.get("rooms", {}).get("SS", ())
            deletes += [key(room_partition(room), connection_id) for room in rooms]
            deletes.append(key(*connection_key(connection_id)))
        parts = [deletes[at : at + _WRITE_AT_ONCE] for at in range(0, len(deletes), _WRITE_AT_ONCE)]
        await _all(self._delete(part, deadline) for part in parts)

    async def _get(self, connection_ids: Mapping[str, str], deadline: float) -> list[Json]:
        asked = [key(*connection_key(connection_id)) for connection_id in connection_ids.values()]
        pending: Json = {self._table: {"Keys": asked, "ConsistentRead": True}}
        items: list[Json] = []
        for _ in range(_ROUNDS):
            answer = await self._client.call("BatchGetItem", {"RequestItems": pending}, deadline=deadline)
            items += answer.get("Responses", {}).get(self._table, [])
            pending = answer.get("UnprocessedKeys") or {}
            if not pending:
                return items
            await asyncio.sleep(_PAUSE_SECONDS)
        raise ServiceUnreachable("keys were left unread")

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


def _pages(items: Sequence[Json]) -> Iterator[RecipientsPage]:
    for at in range(0, len(items), PAGE_SIZE):
        part = items[at : at + PAGE_SIZE]
        ids: dict[str, list[str]] = {}
        for item in part:
            name = item["format"]["S"]
            found = ids.get(name)
            if found is None:
                found = ids[name] = []
            found.append(item["sk"]["S"])
        yield RecipientsPage(ids={Format(name): found for name, found in ids.items()}, last=part[-1]["sk"]["S"])


async def _all(steps: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run them side by side; the first failure ends the others and is raised."""
    tasks = [asyncio.create_task(step) for step in steps]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
