"""What functions leave on the feeds of rooms in DynamoDB, and the wake-ups for it."""

import asyncio
import uuid
from contextlib import closing

from adapters.dynamodb import DynamoDBRoomFeed
from adapters.sqs import write_wake_up
from chat_core import LOBBY, MessagePublished
from tests.support import dynamodb, sqs


def leave_behind(endpoint: str, table: str, data: str, *, room: str = LOBBY, lease: float = 0.0) -> None:
    """Append a message, and take the turn, as a function does that dies at once. Its lease runs for so many seconds."""

    async def append() -> None:
        name = uuid.uuid4().hex
        with closing(dynamodb.direct_client(endpoint)) as client:
            feed = DynamoDBRoomFeed(client, table=table, lease=lease)
            await feed.append(room, MessagePublished(room=room, data=data), event_id=name, holder=name)

    asyncio.run(append())


def wake(endpoint: str, queue_url: str, *, room: str = LOBBY) -> None:
    """Put a wake-up for the room into a queue."""
    with closing(sqs.client(endpoint)) as client:
        client.send_message(QueueUrl=queue_url, MessageBody=write_wake_up(room))
