"""Transactions of the embedded DynamoDB, which copies fewer items than moto: all writes of one, or none."""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import dynamodb

OLD = {"pk": {"S": "old"}, "sk": {"S": "s"}, "n": {"N": "1"}}


@pytest.fixture(params=["pk and sk", "pk"])
def table(endpoint: str, request: pytest.FixtureRequest) -> tuple[Any, str]:
    """Return a client and a table of each form that holds one item."""
    client = dynamodb.client(endpoint)
    name = f"transactions-{uuid.uuid4().hex[:8]}"
    keys = ["pk", "sk"] if request.param == "pk and sk" else ["pk"]
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    client.put_item(TableName=name, Item=OLD)
    return client, name


def key_of(client: Any, name: str, item: dict[str, Any]) -> dict[str, Any]:
    schema = client.describe_table(TableName=name)["Table"]["KeySchema"]
    return {each["AttributeName"]: item[each["AttributeName"]] for each in schema}


def items(client: Any, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.scan(TableName=name)["Items"]
    return sorted(found, key=repr)


def test_cancelled_transaction_changes_nothing(table: tuple[Any, str]) -> None:
    """Neither a new item, nor a changed one, nor a deleted one is left of it."""
    client, name = table
    new = {"pk": {"S": "new"}, "sk": {"S": "s"}}
    beside = {"pk": {"S": "beside"}, "sk": {"S": "t"}, "n": {"N": "3"}}
    client.put_item(TableName=name, Item=beside)
    update = {"UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": {"N": "2"}}}
    with pytest.raises(ClientError) as raised:
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": name, "Item": new}},
                {"Update": {"TableName": name, "Key": key_of(client, name, OLD), **update}},
                {"Delete": {"TableName": name, "Key": key_of(client, name, beside)}},
                {
                    "ConditionCheck": {
                        "TableName": name,
                        "Key": key_of(client, name, {"pk": {"S": "none"}, "sk": {"S": "s"}}),
                        "ConditionExpression": "attribute_exists(pk)",
                    }
                },
            ]
        )
    reasons = [each["Code"] for each in raised.value.response["CancellationReasons"]]
    assert reasons == ["None", "None", "None", "ConditionalCheckFailed"]
    assert items(client, name) == sorted([OLD, beside], key=repr)


def test_transaction_makes_all_its_writes(table: tuple[Any, str]) -> None:
    """In items that were there and in new ones."""
    client, name = table
    new = {"pk": {"S": "new"}, "sk": {"S": "s"}}
    client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": name, "Item": new}},
            {"Delete": {"TableName": name, "Key": key_of(client, name, OLD)}},
        ]
    )
    assert items(client, name) == [new]
