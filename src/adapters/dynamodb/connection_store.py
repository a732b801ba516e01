"""Who is connected, in one DynamoDB table, through PynamoDB."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Self

from pynamodb.connection import Connection as Endpoint
from pynamodb.exceptions import PynamoDBException
from pynamodb.transactions import TransactWrite

from adapters.dynamodb.memberships import Membership
from chat_core.errors import Unavailable
from chat_core.model import Connection, Format, RecipientsPage
from chat_core.ports import ConnectionStore

PAGE_SIZE = 1000
"""Members handed on at a time. DynamoDB's own pages (1 MB) hold some ten times as many; delivery starts sooner so."""

LIFETIME_SECONDS = 2 * 60 * 60 + 15 * 60
"""API Gateway ends every connection after two hours (its WebSocket quotas table); the margin covers the clocks."""


class DynamoDBConnectionStore(ConnectionStore):
    """Keeps memberships in a table as `Membership` describes it.

    PynamoDB blocks, so its calls run in threads of the running asyncio loop; its own retries cover throttling and
    faults of the service that pass, and what they do not cover is `Unavailable`.
    """

    def __init__(
        self, memberships: type[Membership], endpoint: Endpoint, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._memberships = memberships
        self._endpoint = endpoint
        self._clock = clock

    @classmethod
    def open(cls, *, table: str, region: str, host: str | None = None) -> Self:
        """Return a store on the given table; nothing is sent before the first call."""
        return cls(Membership.bind(table=table, region=region, host=host), Endpoint(region=region, host=host))

    async def join(self, *, room: str, connection: Connection) -> None:
        await asyncio.to_thread(self._join, room, connection)

    async def forget(self, *, connection_ids: Sequence[str]) -> None:
        await asyncio.to_thread(self._forget, connection_ids)

    async def find(self, *, connection_id: str) -> Connection | None:
        return await asyncio.to_thread(self._find, connection_id)

    async def recipients(self, *, room: str) -> AsyncIterator[RecipientsPage]:
        members = self._members(room)
        while page := await asyncio.to_thread(_next_page, members):
            yield page

    def _join(self, room: str, connection: Connection) -> None:
        expires_at = int(self._clock()) + LIFETIME_SECONDS
        with _faults_as_unavailable(), TransactWrite(connection=self._endpoint) as transaction:
            for item in self._memberships.pair(room=room, connection=connection, expires_at=expires_at):
                transaction.save(item)

    def _forget(self, connection_ids: Sequence[str]) -> None:
        with _faults_as_unavailable(), self._memberships.batch_write() as batch:
            for connection_id in connection_ids:
                for membership in self._rooms_of(connection_id):
                    for item in self._memberships.keys_of_pair(room=membership.sk, connection_id=connection_id):
                        batch.delete(item)

    def _find(self, connection_id: str) -> Connection | None:
        with _faults_as_unavailable():
            membership = next(self._rooms_of(connection_id), None)
        return Connection(id=connection_id, format=Format(membership.format)) if membership else None

    def _rooms_of(self, connection_id: str) -> Iterator[Membership]:
        return self._memberships.query(Membership.partition_of_connection(connection_id), consistent_read=True)

    def _members(self, room: str) -> Iterator[Membership]:
        return self._memberships.query(
            Membership.partition_of_room(room),
            consistent_read=True,
            # What is not asked for is not sent: a third of the time that reading takes.
            attributes_to_get=["sk", "format"],
        )


def _next_page(members: Iterator[Membership]) -> RecipientsPage:
    page: defaultdict[Format, list[str]] = defaultdict(list)
    with _faults_as_unavailable():
        for member in islice(members, PAGE_SIZE):
            page[Format(member.format)].append(member.sk)
    return page


@contextmanager
def _faults_as_unavailable() -> Iterator[None]:
    try:
        yield
    except PynamoDBException as exc:
        raise Unavailable("The chat's table could not be reached.") from exc
