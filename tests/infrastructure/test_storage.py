"""The table."""

from typing import Any

import pytest


@pytest.fixture
def table(storage: dict[str, Any]) -> dict[str, Any]:
    """Return the only resource of the template."""
    assert list(storage["Resources"]) == ["ConnectionsTable"]
    resource: dict[str, Any] = storage["Resources"]["ConnectionsTable"]
    assert resource["Type"] == "AWS::DynamoDB::Table"
    return resource


def test_idle_costs_nothing(table: dict[str, Any]) -> None:
    """Capacity is on demand."""
    assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert "ProvisionedThroughput" not in table["Properties"]


def test_keys_are_strings_named_pk_and_sk(table: dict[str, Any]) -> None:
    """The DynamoDB adapter uses these two names."""
    properties = table["Properties"]

    assert [(key["AttributeName"], key["KeyType"]) for key in properties["KeySchema"]] == [
        ("pk", "HASH"),
        ("sk", "RANGE"),
    ]
    assert {a["AttributeName"]: a["AttributeType"] for a in properties["AttributeDefinitions"]} == {
        "pk": "S",
        "sk": "S",
    }


def test_rows_expire(table: dict[str, Any]) -> None:
    """`$disconnect` is best effort: items that stay expire by `expires_at`."""
    expiry = table["Properties"]["TimeToLiveSpecification"]

    assert expiry == {"AttributeName": "expires_at", "Enabled": True}


def test_rows_are_encrypted_with_a_key_of_the_account(table: dict[str, Any]) -> None:
    """Without a key id, the key is the AWS managed key `aws/dynamodb`."""
    assert table["Properties"]["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}


def test_what_happens_to_the_rows_is_said_and_not_left_to_defaults(table: dict[str, Any]) -> None:
    """Connections end with the API, so that nothing has to be kept or backed up."""
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Delete", "Delete")
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": False}


def test_the_stack_can_stand_in_one_account_more_than_once(table: dict[str, Any]) -> None:
    """A fixed table name would collide."""
    assert "TableName" not in table["Properties"]


def test_it_gives_the_name_and_the_arn(storage: dict[str, Any]) -> None:
    """The functions need the name, their policies the ARN."""
    assert {name: output["Value"] for name, output in storage["Outputs"].items()} == {
        "TableName": {"Ref": "ConnectionsTable"},
        "TableArn": {"Fn::GetAtt": ["ConnectionsTable", "Arn"]},
    }
