"""Who is in a room, as others are shown it, through PynamoDB."""

import json
import math
from collections.abc import AsyncIterator, Sequence
from itertools import islice

from adapters.dynamodb.sdk.adapter import PynamoDBAdapter
from adapters.dynamodb.sdk.items import Item
from adapters.dynamodb.table import PAGE_SIZE, room_partition
from chat_core.domain.connection import ClientInfo
from chat_core.ports import RoomPresence


class PynamoDBPresence(PynamoDBAdapter[Item], RoomPresence):
    """Reads a table of `Item`s."""

    kind = Item

    async def members(self, room: str, *, deadline: float = math.inf) -> AsyncIterator[Sequence[ClientInfo]]:
        members = self._items.query(
            room_partition(room),
            filter_condition=self._items.left_at.does_not_exist() & (self._items.expires_at > int(self._clock())),
            consistent_read=True,
            attributes_to_get=["sk", "user", "info"],
        )
        while page := await self._in_thread(deadline, lambda: [_client(each) for each in islice(members, PAGE_SIZE)]):
            yield page


def _client(item: Item) -> ClientInfo:
    info = json.loads(item.info) if item.info else None
    return ClientInfo(user=item.user or "", client=item.sk, conn_info=info)
