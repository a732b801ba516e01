"""Requests to the chat's table, made and answered here.

The SDKs' layers cost 10 to 60 times what the bytes need: 38 ms of CPU to read a thousand recipients through PynamoDB,
0.6 from the JSON; 400 ms to start, 110 here (docs/performance.md).
"""

import asyncio
import random
import re
from abc import abstractmethod
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from adapters.dynamodb.client import CONDITION_FAILED, faults_as_unavailable
from adapters.dynamodb.table import Json
from aws_client import JsonClient, ServiceError, ServiceUnreachable

T = TypeVar("T")

_WRITE_AT_ONCE: Final = 25
"""What `BatchWriteItem` takes (API reference)."""
_ROUNDS: Final = 8
"""How often what a batch left undone is asked for again, and a transaction that met another write."""
_PAUSE_SECONDS: Final = 0.1
_NAME: Final = re.compile(r"#(\w+)")


class ConditionFailed(Exception):
    """The condition of a write does not hold. Nothing was written. `item` is what is there, if it was asked for."""

    def __init__(self, item: Json | None = None) -> None:
        super().__init__()
        self.item = item or {}


def expressions(
    *,
    update: str = "",
    condition: str = "",
    values: Mapping[str, Json] | None = None,
    names: Mapping[str, str] | None = None,
) -> Json:
    """Return the members of a write for its expressions.

    In them every attribute is named as `#attribute`: many are reserved words, which must not be named as they are.

    Args:
        update: the change, if the write is an update.
        condition: the condition, if there is one.
        values: what stands for each `:value`.
        names: what stands for a `#name` that is not the name of an attribute.

    """
    request: Json = {}
    if update:
        request["UpdateExpression"] = update
    if condition:
        request["ConditionExpression"] = condition
    names = names or {}
    found = dict.fromkeys(_NAME.findall(f"{update} {condition}"))
    request["ExpressionAttributeNames"] = {f"#{each}": names.get(f"#{each}", each) for each in found}
    if values:
        request["ExpressionAttributeValues"] = dict(values)
    return request


def changes(attributes: Mapping[str, Json | None], *, also: Sequence[str] = ()) -> tuple[str, dict[str, Json]]:
    """Return an update that sets attributes, and removes those without a value; and the values in it.

    `also` are further settings, as `#attribute = ...`.
    """
    values = {f":{name}": value for name, value in attributes.items() if value is not None}
    settings = [f"#{name} = :{name}" for name, value in attributes.items() if value is not None]
    removed = [f"#{name}" for name, value in attributes.items() if value is None]
    update = "SET " + ", ".join([*settings, *also])
    return (f"{update} REMOVE {', '.join(removed)}" if removed else update), values


class Table(Protocol):
    """Operations of DynamoDB on the items of one table.

    Throttling and transient faults of the service are retried. A fault that persists is `Unavailable`.
    """

    @abstractmethod
    async def call(self, operation: str, *, deadline: float, **request: Any) -> Json:
        """Do one operation on one item.

        Raises:
            ConditionFailed: the condition does not hold.

        """
        ...

    async def get(self, key: Json, *, deadline: float) -> Json | None:
        """Read one item, as it is now."""
        answer = await self.call("GetItem", Key=key, ConsistentRead=True, deadline=deadline)
        item: Json | None = answer.get("Item")
        return item


class TableClient(Table):
    """Calls DynamoDB's operations on one table, directly."""

    def __init__(self, client: JsonClient, table: str) -> None:
        self._client = client
        self._table = table

    async def call(self, operation: str, *, deadline: float, **request: Any) -> Json:
        with faults_as_unavailable():
            try:
                return await self._client.call(operation, {"TableName": self._table, **request}, deadline=deadline)
            except ServiceError as exc:
                if exc.code == CONDITION_FAILED:
                    raise ConditionFailed(exc.item) from exc
                raise

    async def query(self, *, deadline: float, **request: Any) -> AsyncIterator[list[Json]]:
        """Read the items of a partition as they are now, in DynamoDB's own pages; some may be empty."""
        start: Json = {}
        while True:
            answer = await self.call("Query", ConsistentRead=True, deadline=deadline, **(request | start))
            yield answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    async def delete(self, keys: Iterable[Json], *, deadline: float) -> None:
        """Delete the items with these keys, each of which is given once."""
        await self._write([{"DeleteRequest": {"Key": key}} for key in keys], deadline)

    async def put(self, items: Iterable[Json], *, deadline: float) -> None:
        """Write these items, which have different keys."""
        await self._write([{"PutRequest": {"Item": item}} for item in items], deadline)

    async def transact(self, *writes: Json, deadline: float) -> None:
        """Make all the writes, or none. If an answer is lost, they are asked for again: their conditions must say so.

        Raises:
            ConditionFailed: a condition does not hold.

        """
        table = {"TableName": self._table}
        items = [{action: table | write for action, write in each.items()} for each in writes]
        with faults_as_unavailable():
            for attempt in range(_ROUNDS):
                try:
                    await self._client.call("TransactWriteItems", {"TransactItems": items}, deadline=deadline)
                except ServiceError as exc:
                    if "ConditionalCheckFailed" in exc.reasons:
                        raise ConditionFailed from exc
                    # Another reason passes: a conflict with another write of the same item, or throttling.
                    if exc.code != "TransactionCanceledException" or attempt == _ROUNDS - 1:
                        raise
                    await asyncio.sleep(_PAUSE_SECONDS * random.random())  # noqa: S311 - spreads retries
                else:
                    return

    async def _write(self, requests: Sequence[Json], deadline: float) -> None:
        with faults_as_unavailable():
            await all_of(self._write_batch(part, deadline) for part in batches(requests, _WRITE_AT_ONCE))

    async def _write_batch(self, requests: Sequence[Json], deadline: float) -> None:
        pending: Json = {self._table: requests}
        for _ in range(_ROUNDS):
            answer = await self._client.call("BatchWriteItem", {"RequestItems": pending}, deadline=deadline)
            pending = answer.get("UnprocessedItems") or {}
            if not pending:
                return
            await asyncio.sleep(_PAUSE_SECONDS)
        raise ServiceUnreachable("a part of a batch was left undone")


def batches(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Split values into parts of this size; the last one may be smaller."""
    for at in range(0, len(values), size):
        yield values[at : at + size]


async def all_of(steps: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run them concurrently; return their results. The first failure cancels the others and is raised."""
    tasks = [asyncio.create_task(step) for step in steps]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
