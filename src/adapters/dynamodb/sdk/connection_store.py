"""Who is connected, in one DynamoDB table, through PynamoDB."""

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Self, TypeVar

from pynamodb.exceptions import DoesNotExist, PynamoDBException

from adapters.dynamodb.sdk.items import Item, Settings
from adapters.dynamodb.table import (
    LIFETIME_SECONDS,
    PAGE_SIZE,
    connection_key,
    room_partition,
)
from chat_core.errors import Unavailable
from chat_core.model import Connection, Format, RecipientsPage
from chat_core.ports import ConnectionStore

T = TypeVar("T")


class PynamoDBConnectionStore(ConnectionStore):
    """Keeps memberships in a table of `Item`s.

    PynamoDB blocks, so its calls run in threads of the running asyncio loop; its own retries cover throttling and
    faults of the service that pass, and what they do not cover is `Unavailable`.
    """

    def __init__(self, items: type[Item], *, clock: Callable[[], float] = time.time) -> None:
        self._items = items
        self._clock = clock

    @classmethod
    def open(cls, *, table: str, region: str, host: str | None = None, retries: int = 3) -> Self:
        """Return a store on the given table; nothing is sent before the first call.

        Args:
            table: its name.
            region: where it is, for example `eu-west-1`.
            host: the URL of an endpoint other than the region's own.
            retries: how often PynamoDB repeats a request that was throttled or met a fault of the service.

        """
        settings = Settings(
            region=region,
            host=host,
            max_retry_attempts=retries,
            # A chat's event is not worth waiting longer for: what takes longer is sent again.
            connect_timeout_seconds=2,
            read_timeout_seconds=5,
        )
        return cls(Item.bind(table, settings))

    async def join(self, *, room: str, connection: Connection, deadline: float = math.inf) -> None:
        await _in_thread(deadline, lambda: self._join(room, connection))

    async def forget(self, *, connection_ids: Sequence[str], deadline: float = math.inf) -> None:
        await _in_thread(deadline, lambda: self._forget(connection_ids))

    async def find(self, *, connection_id: str, deadline: float = math.inf) -> Connection | None:
        return await _in_thread(deadline, lambda: self._find(connection_id))

    async def recipients(
        self, *, room: str, after: str = "", deadline: float = math.inf
    ) -> AsyncIterator[RecipientsPage]:
        members = self._members(room, after)
        while page := await _in_thread(deadline, lambda: _next_page(members)):
            yield page

    def _join(self, room: str, connection: Connection) -> None:
        expires_at = int(self._clock()) + LIFETIME_SECONDS
        member = self._items.member(room=room, connection_id=connection.id)
        member.format = str(connection.format)
        member.expires_at = expires_at
        joining = self._items.joining(room=room, connection=connection, expires_at=expires_at)
        with _faults_as_unavailable():
            self._items.connection(connection.id).update(actions=joining)
            member.save()

    def _forget(self, connection_ids: Sequence[str]) -> None:
        keys = {connection_key(connection_id): connection_id for connection_id in connection_ids}
        with _faults_as_unavailable(), self._items.batch_write() as batch:
            for item in self._items.batch_get(list(keys), consistent_read=True):
                for room in item.rooms or ():
                    batch.delete(self._items.member(room=room, connection_id=keys[item.pk, item.sk]))
                batch.delete(item)

    def _find(self, connection_id: str) -> Connection | None:
        with _faults_as_unavailable():
            try:
                item = self._items.get(*connection_key(connection_id), consistent_read=True)
            except DoesNotExist:
                return None
        return Connection(id=connection_id, format=Format(item.format))

    def _members(self, room: str, after: str) -> Iterator[Item]:
        return self._items.query(
            room_partition(room),
            consistent_read=True,
            # What is not asked for is not sent: that saves two thirds of the time that reading takes.
            attributes_to_get=["sk", "format"],
            last_evaluated_key={"pk": {"S": room_partition(room)}, "sk": {"S": after}} if after else None,
        )


async def _in_thread(deadline: float, call: Callable[[], T]) -> T:
    """Return what the call returns. A thread cannot be stopped: one that is given up ends by PynamoDB's time-outs."""
    seconds = None if deadline == math.inf else deadline - time.monotonic()
    if seconds is not None and seconds <= 0:
        # A time-out in the past would still start the thread.
        raise Unavailable("There was no time left to ask the chat's table.")
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.to_thread(call)
    except TimeoutError as exc:
        raise Unavailable("The chat's table did not answer in time.") from exc


def _next_page(members: Iterator[Item]) -> RecipientsPage | None:
    ids: defaultdict[Format, list[str]] = defaultdict(list)
    last = None
    with _faults_as_unavailable():
        for member in islice(members, PAGE_SIZE):
            ids[Format(member.format)].append(member.sk)
            last = member.sk
    return None if last is None else RecipientsPage(ids=ids, last=last)


@contextmanager
def _faults_as_unavailable() -> Iterator[None]:
    try:
        yield
    except PynamoDBException as exc:
        raise Unavailable("The chat's table could not be reached.") from exc
