"""How much each sender sends, in the table of connections."""

import math
import time
from collections.abc import Callable
from typing import Any, Final

from adapters.aws import JsonClient, ServiceError
from adapters.dynamodb.client import faults_as_unavailable
from adapters.dynamodb.table import RATE_LIFETIME_SECONDS, key, rate_key
from chat_core.model import Rate
from chat_core.ports import RateLimiter

_MICROSECONDS: Final = 1_000_000
_MOST_KNOWN: Final = 10_000


class DynamoDBRateLimiter(RateLimiter):
    """Keeps when each sender's next message is due, in the item that `adapters.dynamodb.table` describes.

    A message of a sender that has been quiet costs one write, any other at most two. A sender that floods is soon
    known here, and then costs no request until it may send again.
    """

    def __init__(self, client: JsonClient, *, table: str, rate: Rate, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._interval = max(1, round(rate.interval * _MICROSECONDS))
        self._slack = round(rate.slack * _MICROSECONDS)
        self._clock = clock
        self._known: dict[str, int] = {}
        """When a sender's next message was due at last sight. It only grows, so that it refuses nobody wrongly."""

    async def admit(self, *, sender: str, deadline: float = math.inf) -> bool:
        now = round(self._clock() * _MICROSECONDS)
        known = self._known.get(sender, 0)
        if known > now + self._slack:
            return False
        return (known <= now and await self._first(sender, now, deadline)) or await self._next(sender, now, deadline)

    async def _first(self, sender: str, now: int, deadline: float) -> bool:
        """Begin anew with a sender that has been quiet; return False where it has not been."""
        return await self._update(
            sender,
            "SET due = :due, expires_at = :expires_at",
            "attribute_not_exists(due) OR due <= :now",
            {":due": now + self._interval, ":now": now},
            now=now,
            deadline=deadline,
        )

    async def _next(self, sender: str, now: int, deadline: float) -> bool:
        return await self._update(
            sender,
            "SET due = due + :interval, expires_at = :expires_at",
            "due <= :latest",
            {":interval": self._interval, ":latest": now + self._slack},
            now=now,
            deadline=deadline,
        )

    async def _update(
        self, sender: str, update: str, condition: str, values: dict[str, int], *, now: int, deadline: float
    ) -> bool:
        expires_at = (now + self._slack) // _MICROSECONDS + RATE_LIFETIME_SECONDS
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": key(*rate_key(sender)),
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": {
                name: {"N": str(value)} for name, value in (values | {":expires_at": expires_at}).items()
            },
            "ReturnValues": "UPDATED_NEW",
        }
        with faults_as_unavailable():
            try:
                answer = await self._client.call("UpdateItem", request, deadline=deadline)
            except ServiceError as exc:
                if exc.code != "ConditionalCheckFailedException":
                    raise
                return False
        self._learn(sender, int(answer["Attributes"]["due"]["N"]), now)
        return True

    def _learn(self, sender: str, due: int, now: int) -> None:
        if len(self._known) >= _MOST_KNOWN:
            self._known = {each: known for each, known in self._known.items() if known > now}
        if len(self._known) < _MOST_KNOWN:
            self._known[sender] = max(due, self._known.get(sender, 0))
