"""What the DynamoDB adapter does beyond its port's promises."""

import uuid

from adapters.dynamodb import DynamoDBConnectionStore
from chat_core import LOBBY, Connection, Format
from tests.support import dynamodb


async def test_rows_expire_a_little_after_api_gateway_would_have_ended_the_connection(moto_endpoint: str) -> None:
    """A `$disconnect` that never came must not leave rows for good; no living connection may lose its rows."""
    table = f"connections-{uuid.uuid4().hex[:8]}"
    dynamodb.create_table(moto_endpoint, table)
    store = DynamoDBConnectionStore.open(table=table, region="us-east-1", host=moto_endpoint)
    store._clock = lambda: 1_000_000.9
    await store.join(room=LOBBY, connection=Connection(id="a", format=Format.PLAIN))
    items = dynamodb.client(moto_endpoint).scan(TableName=table)["Items"]
    assert [int(item["expires_at"]["N"]) for item in items] == [1_000_000 + 8_100] * 2
