"""DynamoDB tables made again on another endpoint, such as AWS's DynamoDB Local."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from local_aws.config import Table
from local_aws.embedded_aws.clients import client
from local_aws.errors import EmbeddedAwsFailed


async def create_tables(tables: Iterable[Table], *, source: str, target: str) -> list[Table]:
    """Create on the endpoint `target` the tables that are on `source`: keys, indexes, capacity, stream and expiry.

    A table that is there already stays as it is, with its items. Returns those that were created.

    Raises:
        EmbeddedAwsFailed: the endpoint does not answer, or not as DynamoDB does.

    """

    def create() -> list[Table]:
        with _faults_of(target):
            return [each for each in tables if _copy(each, source=source, target=target)]

    return await asyncio.to_thread(create)


async def delete_tables(tables: Iterable[Table], *, endpoint: str) -> None:
    """Delete the tables; one that is not there is left out.

    Raises:
        EmbeddedAwsFailed: the endpoint does not answer, or not as DynamoDB does.

    """

    def delete() -> None:
        with _faults_of(endpoint):
            for each in tables:
                _delete(each, endpoint=endpoint)

    await asyncio.to_thread(delete)


@contextmanager
def _faults_of(endpoint: str) -> Iterator[None]:
    """Tell what went wrong with an endpoint that is not ours."""
    # Not at the top: see the package's docstring.
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
    """Return the arguments that create a table like the one described."""
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
