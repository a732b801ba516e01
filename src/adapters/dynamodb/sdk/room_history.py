"""What rooms keep of their past, through PynamoDB."""

import math
from collections.abc import Sequence

from adapters.dynamodb.room_history import expiry
from adapters.dynamodb.sdk.adapter import PynamoDBAdapter
from adapters.dynamodb.sdk.items import Message
from adapters.dynamodb.table import HIGHEST_OFFSET, log_partition, message_key
from adapters.dynamodb.texts import read_message, write_event
from chat_core.domain.events import MessagePublished
from chat_core.ports import RoomHistory


class PynamoDBRoomHistory(PynamoDBAdapter[Message], RoomHistory):
    """Keeps messages in a table of `Message`s."""

    kind = Message

    async def record(
        self,
        room: str,
        messages: Sequence[MessagePublished],
        *,
        epoch: str,
        ttl: int,
        deadline: float = math.inf,
    ) -> None:
        await self._in_thread(deadline, lambda: self._record(room, messages, epoch, ttl))

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
        keys = [message_key(room, epoch, each)[1] for each in (first, last)]
        items = await self._in_thread(
            deadline,
            lambda: list(
                self._items.query(
                    log_partition(room),
                    self._items.sk.between(*keys),
                    consistent_read=True,
                    scan_index_forward=not reverse,
                    limit=min(limit, HIGHEST_OFFSET),
                    page_size=min(limit, 1000),
                )
            ),
        )
        return [read_message(each.event, room=room, offset=int(each.sk.rpartition("#")[2])) for each in items]

    async def clear(self, room: str, *, deadline: float = math.inf) -> None:
        await self._in_thread(deadline, lambda: self._clear(room))

    def _record(self, room: str, messages: Sequence[MessagePublished], epoch: str, ttl: int) -> None:
        with self._items.batch_write() as batch:
            for each in {each.offset: each for each in messages}.values():
                item = self._items.of(room, epoch, each.offset)
                item.event = write_event(each, room=room)
                item.expires_at = expiry(each, ttl, now=self._clock())
                batch.save(item)

    def _clear(self, room: str) -> None:
        with self._items.batch_write() as batch:
            for item in self._items.query(log_partition(room), consistent_read=True):
                batch.delete(item)
