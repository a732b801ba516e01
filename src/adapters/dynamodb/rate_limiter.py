"""The rate of each connection, in the table of connections."""

import math
import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Any, Final

from adapters.dynamodb.client import CONDITION_FAILED, faults_as_unavailable
from adapters.dynamodb.table import connection_key, key
from aws_client import JsonClient, ServiceError
from chat_core.domain.rate import Rate
from chat_core.ports import RateLimiter

Json = dict[str, Any]

_MICROSECONDS: Final = 1_000_000
_MOST_KNOWN: Final = 10_000


class DynamoDBRateLimiter(RateLimiter):
    """Stores the time at which a sender's next message is due, in the sender's item (see `adapters.dynamodb.table`).

    The first message after a pause costs one write. Another admitted message costs two. A refused message costs at most
    one, because this process remembers a sender that floods until it may send again. A sender without an item is in no
    room. It is counted in this process alone: an item for it would never be removed.
    """

    def __init__(self, client: JsonClient, *, table: str, rate: Rate, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._interval = max(1, round(rate.interval * _MICROSECONDS))
        self._slack = round(rate.slack * _MICROSECONDS)
        self._clock = clock
        self._known: dict[str, int] = {}
        """When each sender's next message was due when last read. The true value only grows, so that nothing is refused
        wrongly."""

    async def admit(self, *, sender: str, deadline: float = math.inf) -> bool:
        now = round(self._clock() * _MICROSECONDS)
        if self._known.get(sender, 0) <= now:
            begun = await self._begin(sender, now, deadline)
            if begun is not _Answer.REFUSED:
                return begun is _Answer.ADMITTED or self._count_here(sender, now)
        if self._known.get(sender, 0) > now + self._slack:
            return False
        went_on = await self._go_on(sender, now, deadline)
        return self._count_here(sender, now) if went_on is _Answer.NO_ITEM else went_on is _Answer.ADMITTED

    async def _begin(self, sender: str, now: int, deadline: float) -> "_Answer":
        """Count the first message after a pause."""
        return await self._update(
            sender,
            "SET due = :due",
            "attribute_exists(pk) AND (attribute_not_exists(due) OR due <= :now)",
            {":due": now + self._interval, ":now": now},
            deadline,
        )

    async def _go_on(self, sender: str, now: int, deadline: float) -> "_Answer":
        """Count a message that follows soon after the last one."""
        return await self._update(
            sender,
            "SET due = due + :interval",
            "due <= :latest",
            {":interval": self._interval, ":latest": now + self._slack},
            deadline,
        )

    async def _update(
        self, sender: str, update: str, condition: str, values: dict[str, int], deadline: float
    ) -> "_Answer":
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": key(*connection_key(sender)),
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": {name: {"N": str(value)} for name, value in values.items()},
            "ReturnValues": "UPDATED_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        with faults_as_unavailable():
            try:
                answer = await self._client.call("UpdateItem", request, deadline=deadline)
            except ServiceError as exc:
                if exc.code != CONDITION_FAILED:
                    raise
                return self._learn(sender, exc.item, _Answer.REFUSED)
        return self._learn(sender, answer["Attributes"], _Answer.ADMITTED)

    def _learn(self, sender: str, item: Json, answer: "_Answer") -> "_Answer":
        """Remember when the sender's next message is due; return the answer, unless there is no item."""
        if not item:
            return _Answer.NO_ITEM
        self._remember(sender, int(item["due"]["N"]) if "due" in item else 0)
        return answer

    def _count_here(self, sender: str, now: int) -> bool:
        due = max(self._known.get(sender, 0), now)
        if due > now + self._slack:
            return False
        self._remember(sender, due + self._interval)
        return True

    def _remember(self, sender: str, due: int) -> None:
        if sender not in self._known and len(self._known) >= _MOST_KNOWN:
            now = round(self._clock() * _MICROSECONDS)
            self._known = {each: known for each, known in self._known.items() if known > now}
        if sender in self._known or len(self._known) < _MOST_KNOWN:
            self._known[sender] = max(due, self._known.get(sender, 0))


class _Answer(Enum):
    ADMITTED = auto()
    REFUSED = auto()
    NO_ITEM = auto()
