"""Checkpoints of delivery jobs, in the table of connections."""

import math
import time
import uuid
from collections.abc import Callable
from typing import Any

from adapters.dynamodb.client import CONDITION_FAILED, faults_as_unavailable
from adapters.dynamodb.table import JOB_LIFETIME_SECONDS, job_key, key
from aws_client import JsonClient, ServiceError
from chat_core.domain.job import Checkpoint
from chat_core.ports import CheckpointStore


class DynamoDBCheckpointStore(CheckpointStore):
    """Keeps each checkpoint in the item that `adapters.dynamodb.table` describes. Its writes are conditional."""

    def __init__(self, client: JsonClient, *, table: str, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    async def load(self, *, job_id: str, deadline: float = math.inf) -> Checkpoint | None:
        item = await self._item(job_id, deadline)
        if item is None:
            return None
        return Checkpoint(version=int(item["step"]["N"]), cursor=item["after"]["S"] if "after" in item else None)

    async def advance(self, *, job_id: str, to: Checkpoint, deadline: float = math.inf) -> bool:
        writer = uuid.uuid4().hex
        item = key(*job_key(job_id)) | {
            "step": {"N": str(to.version)},
            "moved_by": {"S": writer},
            "expires_at": {"N": str(int(self._clock()) + JOB_LIFETIME_SECONDS)},
        }
        if to.cursor is not None:
            item["after"] = {"S": to.cursor}
        request: dict[str, Any] = {"TableName": self._table, "Item": item}
        request |= (
            {"ConditionExpression": "attribute_not_exists(pk)"}
            if to.version == 1
            else {
                "ConditionExpression": "#step = :before",
                "ExpressionAttributeNames": {"#step": "step"},
                "ExpressionAttributeValues": {":before": {"N": str(to.version - 1)}},
            }
        )
        with faults_as_unavailable():
            try:
                await self._client.call("PutItem", request, deadline=deadline)
            except ServiceError as exc:
                if exc.code != CONDITION_FAILED:
                    raise
                # The first attempt may have succeeded, and its answer may have been lost.
                found = await self._item(job_id, deadline)
                return found is not None and found["moved_by"]["S"] == writer
        return True

    async def _item(self, job_id: str, deadline: float) -> dict[str, Any] | None:
        with faults_as_unavailable():
            answer = await self._client.call(
                "GetItem",
                {"TableName": self._table, "Key": key(*job_key(job_id)), "ConsistentRead": True},
                deadline=deadline,
            )
        return answer.get("Item")
