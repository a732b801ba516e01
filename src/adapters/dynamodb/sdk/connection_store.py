"""The connections of the chat in one DynamoDB table, through PynamoDB."""

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Self, TypeVar

from pynamodb import connection as pynamodb_connection
from pynamodb.exceptions import DoesNotExist, PynamoDBException, TransactWriteError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from adapters.dynamodb.sdk.items import Item, Settings
from adapters.dynamodb.table import (
    CLOSED_SECONDS,
    LIFETIME_SECONDS,
    PAGE_SIZE,
    connection_key,
    room_partition,
)
from chat_core.domain.connection import AudiencePage, Connection
from chat_core.errors import ConnectionClosed, Unavailable
from chat_core.ports import ConnectionStore

T = TypeVar("T")


class PynamoDBConnectionStore(ConnectionStore):
    """Keeps memberships in a table of `Item`s.

    PynamoDB blocks, so its calls run in threads of the running asyncio loop. Its own retries cover throttling and
    transient faults of the service. A fault that persists is `Unavailable`.
    """

    def __init__(
        self,
        items: type[Item],
        *,
        connection: pynamodb_connection.Connection,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._items = items
        self._connection = connection
        self._clock = clock

    @classmethod
    def open(cls, *, table: str, region: str, host: str | None = None, retries: int = 3) -> Self:
        """Return a store on the given table; nothing is sent before the first call.

        Args:
            table: its name.
            region: its region, for example `eu-west-1`.
            host: the URL of an endpoint other than the region's own.
            retries: how often PynamoDB repeats a request after throttling or a transient fault.

        """
        settings = Settings(
            region=region,
            host=host,
            max_retry_attempts=retries,
            # A chat message is not worth a longer wait: a request that takes longer is sent again.
            connect_timeout_seconds=2,
            read_timeout_seconds=5,
        )
        return cls(Item.bind(table, settings), connection=pynamodb_connection.Connection(**settings))

    async def join(self, *, room: str, connection: Connection, deadline: float = math.inf) -> None:
        await _in_thread(deadline, lambda: self._join(room, connection))

    async def remove(self, *, connection_ids: Sequence[str], deadline: float = math.inf) -> None:
        await _in_thread(deadline, lambda: self._remove(connection_ids))

    async def find(self, *, connection_id: str, deadline: float = math.inf) -> Connection | None:
        return await _in_thread(deadline, lambda: self._find(connection_id))

    async def recipients(
        self, *, room: str, cursor: str = "", deadline: float = math.inf
    ) -> AsyncIterator[AudiencePage]:
        members = self._members(room, cursor)
        while page := await _in_thread(deadline, lambda: _next_page(members)):
            yield page

    def _join(self, room: str, connection: Connection) -> None:
        expires_at = int(self._clock()) + LIFETIME_SECONDS
        member = self._items.member(room=room, connection_id=connection.id)
        member.format = connection.codec
        member.expires_at = expires_at
        joining = self._items.joining(room=room, connection=connection, expires_at=expires_at)
        with _faults_as_unavailable():
            try:
                with TransactWrite(connection=self._connection) as transaction:
                    transaction.update(
                        self._items.connection(connection.id),
                        actions=joining,
                        condition=self._items.closed.does_not_exist(),
                    )
                    transaction.save(member)
            except TransactWriteError as exc:
                if any(reason and reason.code == "ConditionalCheckFailed" for reason in exc.cancellation_reasons):
                    raise ConnectionClosed from exc
                raise

    def _remove(self, connection_ids: Sequence[str]) -> None:
        expires_at = int(self._clock()) + CLOSED_SECONDS
        closing: list[Action] = [self._items.closed.set(True), self._items.expires_at.set(expires_at)]
        with _faults_as_unavailable(), self._items.batch_write() as batch:
            for connection_id in dict.fromkeys(connection_ids):
                item = self._items.connection(connection_id)
                item.update(actions=closing)
                for room in item.rooms or ():
                    batch.delete(self._items.member(room=room, connection_id=connection_id))

    def _find(self, connection_id: str) -> Connection | None:
        with _faults_as_unavailable():
            try:
                item = self._items.get(*connection_key(connection_id), consistent_read=True)
            except DoesNotExist:
                return None
        return None if item.closed else Connection(id=connection_id, codec=item.format)

    def _members(self, room: str, cursor: str) -> Iterator[Item]:
        return self._items.query(
            room_partition(room),
            consistent_read=True,
            # Fewer attributes, less to read: measured, a third of the time.
            attributes_to_get=["sk", "format"],
            last_evaluated_key={"pk": {"S": room_partition(room)}, "sk": {"S": cursor}} if cursor else None,
        )


async def _in_thread(deadline: float, call: Callable[[], T]) -> T:
    """Return what the call returns. A thread cannot be stopped: after the deadline it ends by PynamoDB's time-outs."""
    seconds = None if deadline == math.inf else deadline - time.monotonic()
    if seconds is not None and seconds <= 0:
        # A time-out in the past would still start the thread.
        raise Unavailable("There was no time left to ask the chat's table.")
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.to_thread(call)
    except TimeoutError as exc:
        raise Unavailable("The chat's table did not answer in time.") from exc


def _next_page(members: Iterator[Item]) -> AudiencePage | None:
    ids: defaultdict[str, list[str]] = defaultdict(list)
    last = None
    with _faults_as_unavailable():
        for member in islice(members, PAGE_SIZE):
            ids[member.format].append(member.sk)
            last = member.sk
    return None if last is None else AudiencePage(ids=ids, next_cursor=last)


@contextmanager
def _faults_as_unavailable() -> Iterator[None]:
    try:
        yield
    except PynamoDBException as exc:
        raise Unavailable("The chat's table could not be reached.") from exc
