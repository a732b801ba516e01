"""Who is in a room, as others are shown it."""

import json
import math
import time
from collections.abc import AsyncIterator, Callable, Sequence

from adapters.dynamodb.table import PAGE_SIZE, Json, number, room_partition, text
from adapters.dynamodb.table_client import TableClient, batches
from aws_client import JsonClient
from chat_core.domain.connection import ClientInfo
from chat_core.ports import RoomPresence


class DynamoDBPresence(RoomPresence):
    """Reads the members' items that `adapters.dynamodb.table` describes."""

    def __init__(self, client: JsonClient, *, table: str, clock: Callable[[], float] = time.time) -> None:
        self._table = TableClient(client, table)
        self._clock = clock

    async def members(self, room: str, *, deadline: float = math.inf) -> AsyncIterator[Sequence[ClientInfo]]:
        answers = self._table.query(
            KeyConditionExpression="pk = :room",
            ProjectionExpression="sk, #user, info",
            FilterExpression="expires_at > :now AND attribute_not_exists(left_at)",
            ExpressionAttributeNames={"#user": "user"},
            ExpressionAttributeValues={":room": text(room_partition(room)), ":now": number(int(self._clock()))},
            deadline=deadline,
        )
        async for items in answers:
            for page in batches(items, PAGE_SIZE):
                yield [_client(item) for item in page]


def _client(item: Json) -> ClientInfo:
    return ClientInfo(
        user=item["user"]["S"] if "user" in item else "",
        client=item["sk"]["S"],
        conn_info=json.loads(item["info"]["S"]) if "info" in item else None,
    )
