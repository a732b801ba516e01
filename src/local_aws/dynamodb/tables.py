"""Creates copies of DynamoDB tables on another endpoint, such as AWS's DynamoDB Local."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from local_aws.config import Table
from local_aws.embedded_aws.clients import client
from local_aws.errors import EmbeddedAwsFailed


async def create_tables(tables: Iterable[Table], *, source: str, target: str) -> list[Table]:
    """Create the tables of the endpoint `source` on `target`: keys, indexes, capacity, stream and TTL.

    An existing table is left unchanged, with its items. Returns the tables that were created.

    Raises:
        EmbeddedAwsFailed: the endpoint does not respond, or is not a DynamoDB.

    """

    def create() -> list[Table]:
        with _faults_of(target):
            return [each for each in tables if _copy(each, source=source, target=target)]

    return await asyncio.to_thread(create)


async def delete_tables(tables: Iterable[Table], *, endpoint: str) -> None:
    """Delete the tables. A missing table is ignored.

    Raises:
        EmbeddedAwsFailed: the endpoint does not respond, or is not a DynamoDB.

    """

    def delete() -> None:
        with _faults_of(endpoint):
            for each in tables:
                _delete(each, endpoint=endpoint)

    await asyncio.to_thread(delete)


@contextmanager
def _faults_of(endpoint: str) -> Iterator[None]:
    """Raise `EmbeddedAwsFailed` for errors of the block's calls."""
    # Imported late, because boto3 is slow to import.
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        yield
    except (BotoCoreError, ClientError) as exc:
        raise EmbeddedAwsFailed(f"The DynamoDB at {endpoint} failed: {exc}") from exc


def _copy(table: Table, *, source: str, target: str) -> bool:
    with (
        closing(client("dynamodb", endpoint=source, region=table.region)) as giver,
        closing(client("dynamodb", endpoint=target, region=table.region)) as taker,
    ):
        described = giver.describe_table(TableName=table.name)["Table"]
        expiry = giver.describe_time_to_live(TableName=table.name)["TimeToLiveDescription"]
        try:
            taker.create_table(**_definition(described))
        except taker.exceptions.ResourceInUseException:
            return False
        taker.get_waiter("table_exists").wait(TableName=table.name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        if expiry["TimeToLiveStatus"] == "ENABLED":
            taker.update_time_to_live(
                TableName=table.name,
                TimeToLiveSpecification={"AttributeName": expiry["AttributeName"], "Enabled": True},
            )
        return True


def _delete(table: Table, *, endpoint: str) -> None:
    with closing(client("dynamodb", endpoint=endpoint, region=table.region)) as dynamodb:
        try:
            dynamodb.delete_table(TableName=table.name)
        except dynamodb.exceptions.ResourceNotFoundException:
            return


def _definition(described: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of CreateTable for a copy of the described table."""
    on_demand = described.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST"
    definition = {name: described[name] for name in ("TableName", "KeySchema", "AttributeDefinitions")}
    definition["BillingMode"] = "PAY_PER_REQUEST" if on_demand else "PROVISIONED"
    definition |= _throughput(described, on_demand=on_demand)
    if described.get("StreamSpecification", {}).get("StreamEnabled"):
        definition["StreamSpecification"] = described["StreamSpecification"]
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        indexes = described.get(kind)
        if indexes:
            is_global = kind.startswith("Global")
            definition[kind] = [_index(each, on_demand=on_demand or not is_global) for each in indexes]
    return definition


def _index(described: dict[str, Any], *, on_demand: bool) -> dict[str, Any]:
    index = {name: described[name] for name in ("IndexName", "KeySchema", "Projection")}
    return index | _throughput(described, on_demand=on_demand)


def _throughput(described: dict[str, Any], *, on_demand: bool) -> dict[str, Any]:
    if on_demand:
        return {}
    units = described["ProvisionedThroughput"]
    return {"ProvisionedThroughput": {name: units[name] for name in ("ReadCapacityUnits", "WriteCapacityUnits")}}
