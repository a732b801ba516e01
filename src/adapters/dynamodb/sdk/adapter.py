"""What the adapters on PynamoDB share."""

import asyncio
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Final, Generic, Self, TypeVar

from pynamodb.connection import Connection
from pynamodb.exceptions import DeleteError, PutError, PynamoDBException, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from adapters.dynamodb.client import CONDITION_FAILED
from adapters.dynamodb.sdk.items import Settings, TableItem
from chat_core.errors import Unavailable

T = TypeVar("T")
I = TypeVar("I", bound=TableItem)  # noqa: E741

_ATTEMPTS: Final = 8


class ConditionFailed(Exception):
    """The condition of a write does not hold. Nothing was written."""


class PynamoDBAdapter(Generic[I]):
    """An adapter on items of one kind.

    PynamoDB blocks, so its calls run in threads of the running asyncio loop. Its own retries cover throttling and
    transient faults of the service. A fault that persists is `Unavailable`.
    """

    kind: type[I]
    """The class of the items, which `on_table` binds to a table."""

    def __init__(
        self,
        items: type[I],
        *,
        connection: Connection,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._items = items
        self._connection = connection
        self._clock = clock

    @classmethod
    def on_table(
        cls,
        *,
        table: str,
        region: str,
        host: str | None = None,
        retries: int = 3,
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """Return an adapter on the given table; nothing is sent before the first call.

        Args:
            table: its name.
            region: its region, for example `eu-west-1`.
            host: the URL of an endpoint other than the region's own.
            retries: how often PynamoDB repeats a request after throttling or a transient fault.
            clock: returns seconds since the epoch.

        """
        items = _bound(cls.kind, table, region=region, host=host, retries=retries)
        return cls(items, connection=connect(region=region, host=host, retries=retries), clock=clock)

    async def _in_thread(self, deadline: float, call: Callable[[], T]) -> T:
        try:
            return await in_thread(deadline, call)
        except PynamoDBException as exc:
            raise Unavailable("The chat's table could not be reached.") from exc

    def _transact(self, build: Callable[[TransactWrite], None]) -> None:
        """Make all the writes that `build` puts into the transaction, or none.

        Raises:
            ConditionFailed: a condition does not hold.

        """
        for attempt in range(_ATTEMPTS):
            transaction = TransactWrite(connection=self._connection)
            try:
                with transaction:
                    build(transaction)
            except TransactWriteError as exc:
                if any(each and each.code == "ConditionalCheckFailed" for each in exc.cancellation_reasons):
                    raise ConditionFailed from exc
                # Another reason passes: a conflict with another write of the same item, or throttling.
                if exc.cause_response_code != "TransactionCanceledException" or attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(0.1 * random.random())  # noqa: S311 - spreads retries
            else:
                return


def update(item: Model, actions: Sequence[Action], condition: Condition | None = None) -> None:
    """Change an item, which has its new attributes then.

    Raises:
        ConditionFailed: the condition does not hold.

    """
    with failed_conditions():
        item.update(actions=list(actions), condition=condition)


@contextmanager
def failed_conditions() -> Iterator[None]:
    """Raise `ConditionFailed` where PynamoDB has an error for every operation."""
    try:
        yield
    except (UpdateError, PutError, DeleteError) as exc:
        if exc.cause_response_code == CONDITION_FAILED:
            raise ConditionFailed from exc
        raise


async def in_thread(deadline: float, call: Callable[[], T]) -> T:
    """Return what the call returns. A thread cannot be stopped: after the deadline it ends by PynamoDB's time-outs.

    Raises:
        Unavailable: there was no answer by the deadline.

    """
    seconds = None if deadline == math.inf else deadline - time.monotonic()
    if seconds is not None and seconds <= 0:
        # A time-out in the past would still start the thread.
        raise Unavailable("There was no time left to ask the chat's table.")
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.to_thread(call)
    except TimeoutError as exc:
        raise Unavailable("The chat's table did not answer in time.") from exc


@lru_cache(maxsize=8)
def connect(*, region: str, host: str | None, retries: int) -> Connection:
    """Return what calls DynamoDB; nothing is sent before the first call.

    Adapters share it: making one takes a tenth of a second.
    """
    return Connection(**_settings(region, host, retries))


@lru_cache(maxsize=8)
def _bound(kind: type[I], table: str, *, region: str, host: str | None, retries: int) -> type[I]:
    return kind.bind(table, _settings(region, host, retries))


def _settings(region: str, host: str | None, retries: int) -> Settings:
    return Settings(
        region=region,
        host=host,
        max_retry_attempts=retries,
        # A chat message is not worth a longer wait: a request that takes longer is sent again.
        connect_timeout_seconds=2,
        read_timeout_seconds=5,
    )
