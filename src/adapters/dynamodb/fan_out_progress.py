"""How far fan-outs have come, in the table of connections."""

import math
import time
import uuid
from collections.abc import Callable
from typing import Any

from adapters.dynamodb.client import CONDITION_FAILED, faults_as_unavailable
from adapters.dynamodb.table import FAN_OUT_LIFETIME_SECONDS, fan_out_key, key
from aws_client import JsonClient, ServiceError
from chat_core.model import Position
from chat_core.ports import FanOutProgress


class DynamoDBFanOutProgress(FanOutProgress):
    """Keeps a position in the item that `adapters.dynamodb.table` describes; its writes are conditional."""

    def __init__(self, client: JsonClient, *, table: str, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    async def position(self, *, fan_out: str, deadline: float = math.inf) -> Position | None:
        item = await self._item(fan_out, deadline)
        if item is None:
            return None
        return Position(step=int(item["step"]["N"]), after=item["after"]["S"] if "after" in item else None)

    async def move(self, *, fan_out: str, to: Position, deadline: float = math.inf) -> bool:
        mover = uuid.uuid4().hex
        item = key(*fan_out_key(fan_out)) | {
            "step": {"N": str(to.step)},
            "moved_by": {"S": mover},
            "expires_at": {"N": str(int(self._clock()) + FAN_OUT_LIFETIME_SECONDS)},
        }
        if to.after is not None:
            item["after"] = {"S": to.after}
        request: dict[str, Any] = {"TableName": self._table, "Item": item}
        request |= (
            {"ConditionExpression": "attribute_not_exists(pk)"}
            if to.step == 1
            else {
                "ConditionExpression": "#step = :before",
                "ExpressionAttributeNames": {"#step": "step"},
                "ExpressionAttributeValues": {":before": {"N": str(to.step - 1)}},
            }
        )
        with faults_as_unavailable():
            try:
                await self._client.call("PutItem", request, deadline=deadline)
            except ServiceError as exc:
                if exc.code != CONDITION_FAILED:
                    raise
                # The first attempt may have succeeded and its answer got lost.
                found = await self._item(fan_out, deadline)
                return found is not None and found["moved_by"]["S"] == mover
        return True

    async def _item(self, fan_out: str, deadline: float) -> dict[str, Any] | None:
        with faults_as_unavailable():
            answer = await self._client.call(
                "GetItem",
                {"TableName": self._table, "Key": key(*fan_out_key(fan_out)), "ConsistentRead": True},
                deadline=deadline,
            )
        return answer.get("Item")
