"""Who in a room is delivered to: the read that every message needs."""

import math
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Final

from adapters.dynamodb.table import LEFT_SECONDS, PAGE_SIZE, Json, key, number, room_partition, text
from adapters.dynamodb.table_client import ConditionFailed, TableClient, all_of, batches, expressions
from aws_client import JsonClient
from chat_core.domain.connection import AudiencePage, Group, Waiting
from chat_core.errors import Unavailable
from chat_core.ports import Audience

_SWEEP_AT_ONCE: Final = 100


class DynamoDBAudience(Audience):
    """Reads the members' items that `adapters.dynamodb.table` describes.

    An item of a membership that has ended is not among the members. DynamoDB would delete it some days after it has
    expired (developer guide, "Using time to live"), and until then every message would pay for reading it. So a read
    that meets such items deletes up to a hundred of them at its end.
    """

    def __init__(self, client: JsonClient, *, table: str, clock: Callable[[], float] = time.time) -> None:
        self._table = TableClient(client, table)
        self._clock = clock

    async def pages(self, room: str, *, cursor: str = "", deadline: float = math.inf) -> AsyncIterator[AudiencePage]:
        now = int(self._clock())
        start: Json = {"ExclusiveStartKey": key(room_partition(room), cursor)} if cursor else {}
        left: list[str] = []
        answers = self._table.query(
            KeyConditionExpression="pk = :room",
            # What is not asked for is not sent: that saves most of the time that reading takes.
            ProjectionExpression="sk, #format, joining, missed, left_at, join_leave",
            FilterExpression="expires_at > :now OR attribute_exists(left_at)",
            ExpressionAttributeNames={"#format": "format"},
            ExpressionAttributeValues={":room": text(room_partition(room)), ":now": number(now)},
            deadline=deadline,
            **start,
        )
        async for items in answers:
            present = [item for item in items if "left_at" not in item]
            if len(present) < len(items) and len(left) < _SWEEP_AT_ONCE:
                left += [item["sk"]["S"] for item in items if _is_old(item, now)]
            for page in batches(present, PAGE_SIZE):
                yield _page(page)
        if left:
            await self._sweep(room, left[:_SWEEP_AT_ONCE], now - LEFT_SECONDS, deadline)

    async def _sweep(self, room: str, connection_ids: Sequence[str], until: int, deadline: float) -> None:
        with suppress(Unavailable):
            await all_of(self._delete(room, each, until, deadline) for each in connection_ids)

    async def _delete(self, room: str, connection_id: str, until: int, deadline: float) -> None:
        """Delete what is left of a membership, unless it was made again or has ended again."""
        with suppress(ConditionFailed):
            await self._table.call(
                "DeleteItem",
                Key=key(room_partition(room), connection_id),
                deadline=deadline,
                **expressions(condition="#left_at < :until", values={":until": number(until)}),
            )


def _is_old(item: Json, now: int) -> bool:
    return "left_at" in item and int(item["left_at"]["N"]) < now - LEFT_SECONDS


def _page(items: Sequence[Json]) -> AudiencePage:
    active: dict[str, list[str]] = {}
    rest: list[Json] = []
    for item in items:
        if len(item) > 2:
            rest.append(item)
            continue
        codec = item["format"]["S"]
        found = active.get(codec)
        if found is None:
            found = active[codec] = []
        found.append(item["sk"]["S"])
    groups = {Group(codec): ids for codec, ids in active.items()}
    waiting: list[Waiting] = []
    for item in rest:
        connection_id, codec = item["sk"]["S"], item["format"]["S"]
        if "joining" in item or "missed" in item:
            joining_since = float(item["joining"]["N"]) if "joining" in item else None
            missed = int(item["missed"]["N"]) if "missed" in item else None
            waiting.append(Waiting(connection_id, codec, joining_since, missed))
        else:
            groups.setdefault(Group(codec, wants_join_leave=True), []).append(connection_id)
    return AudiencePage(groups=groups, waiting=waiting, next_cursor=items[-1]["sk"]["S"])
