"""Tables made again on another DynamoDB endpoint."""

from contextlib import closing

import pytest

from local_aws.config import Table
from local_aws.dynamodb.tables import create_tables, delete_tables
from local_aws.embedded_aws.clients import client
from tests.local_aws.conftest import Deploy


@pytest.mark.parametrize("template", ["plain.yaml", "nested/master.yaml"])
async def test_a_table_is_made_again_with_everything(
    deployed: Deploy, endpoint: str, moto_endpoint: str, template: str
) -> None:
    """Keys, indexes, capacity and expiry are those of the template."""
    tables = (await deployed(template)).tables
    assert await create_tables(tables, source=endpoint, target=moto_endpoint) == list(tables)
    assert _described(tables[0], endpoint) == _described(tables[0], moto_endpoint)
    assert await create_tables(tables, source=endpoint, target=moto_endpoint) == []
    await delete_tables(tables, endpoint=moto_endpoint)
    await delete_tables(tables, endpoint=moto_endpoint)
    assert _described(tables[0], moto_endpoint) is None


def _described(table: Table, endpoint: str) -> object:
    with closing(client("dynamodb", endpoint=endpoint, region=table.region)) as dynamodb:
        try:
            described = dynamodb.describe_table(TableName=table.name)["Table"]
        except dynamodb.exceptions.ResourceNotFoundException:
            return None
        indexes = [
            (each["IndexName"], each["KeySchema"], each["Projection"])
            for each in described.get("GlobalSecondaryIndexes", [])
        ]
        expiry = dynamodb.describe_time_to_live(TableName=table.name)["TimeToLiveDescription"]
        throughput = described.get("ProvisionedThroughput", {}).get("WriteCapacityUnits")
        return described["KeySchema"], described["AttributeDefinitions"], indexes, throughput, expiry
