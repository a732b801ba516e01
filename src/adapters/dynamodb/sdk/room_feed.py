"""The feeds of rooms, through PynamoDB."""

import time
from collections.abc import Callable
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.connection import Connection
from pynamodb.exceptions import VerboseClientError

from adapters.dynamodb.client import CONDITION_FAILED
from adapters.dynamodb.room_feed import LEASE_SECONDS, FeedOnTable
from adapters.dynamodb.sdk.adapter import connect, in_thread
from adapters.dynamodb.table import Json
from adapters.dynamodb.table_client import ConditionFailed, Table
from chat_core.errors import Unavailable


class PynamoDBRoomFeed(FeedOnTable):
    """Keeps each feed as `DynamoDBRoomFeed` does, by the same expressions: a feed has no plainer form than these.

    PynamoDB's models do not show the item that a condition failed on, so its connection sends the requests.
    """

    @classmethod
    def on_table(
        cls,
        *,
        table: str,
        region: str,
        host: str | None = None,
        retries: int = 3,
        lease: float = LEASE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """Return an adapter on the given table; nothing is sent before the first call. See `PynamoDBAdapter`."""
        connection = connect(region=region, host=host, retries=retries)
        return cls(_PynamoDBTable(connection, table), lease=lease, clock=clock)


class _PynamoDBTable(Table):
    def __init__(self, connection: Connection, table: str) -> None:
        self._connection = connection
        self._table = table

    async def call(self, operation: str, *, deadline: float, **request: Any) -> Json:
        try:
            return await in_thread(deadline, lambda: self._send(operation, {"TableName": self._table, **request}))
        except (BotoCoreError, ClientError) as exc:
            raise Unavailable("The chat's table could not be reached.") from exc

    def _send(self, operation: str, request: Json) -> Json:
        try:
            answer: Json = self._connection.dispatch(operation, request)
        except VerboseClientError as exc:
            # What PynamoDB makes of botocore's error lacks the item.
            cause = exc.__cause__
            if isinstance(cause, ClientError) and cause.response["Error"]["Code"] == CONDITION_FAILED:
                raise ConditionFailed(cause.response.get("Item")) from exc
            raise
        return answer
