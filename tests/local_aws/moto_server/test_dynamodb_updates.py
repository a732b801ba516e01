"""The embedded DynamoDB's updates, where what moto does is made cheaper: items become what DynamoDB makes of them.

Source of what is expected: DynamoDB developer guide, "Using update expressions in DynamoDB".
"""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import dynamodb

TABLE = "updates"
KEY = {"pk": {"S": "a"}}
NAMES = {"#set": "set", "#list": "list", "#map": "map"}
ITEM = {
    **KEY,
    "figure": {"N": "5"},
    "set": {"SS": ["x", "y"]},
    "list": {"L": [{"S": "zero"}, {"S": "one"}, {"S": "two"}]},
    "map": {"M": {"inner": {"N": "1"}}},
}


@pytest.fixture
def client(endpoint: str) -> Iterator[Any]:
    """Return a client with a table in which there is one item."""
    client = dynamodb.client(endpoint)
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    client.put_item(TableName=TABLE, Item=ITEM)
    yield client
    client.delete_table(TableName=TABLE)
    client.close()


def update(client: Any, expression: str, *, key: Any = KEY, **values: Any) -> dict[str, Any]:
    """Update the item, and return it."""
    answer = client.update_item(
        TableName=TABLE,
        Key=key,
        UpdateExpression=expression,
        ReturnValues="ALL_NEW",
        **(
            {"ExpressionAttributeNames": names}
            if (names := {k: v for k, v in NAMES.items() if k in expression})
            else {}
        ),
        **({"ExpressionAttributeValues": {f":{name}": value for name, value in values.items()}} if values else {}),
    )
    found: dict[str, Any] = answer["Attributes"]
    return found


@pytest.mark.parametrize(
    ("expression", "values", "changed"),
    [
        ("SET figure = :new", {"new": {"S": "text"}}, {"figure": {"S": "text"}}),
        ("SET figure = figure + :by", {"by": {"N": "2"}}, {"figure": {"N": "7"}}),
        ("SET figure = if_not_exists(figure, :new)", {"new": {"N": "9"}}, {}),
        ("SET absent = if_not_exists(absent, :new)", {"new": {"N": "9"}}, {"absent": {"N": "9"}}),
        ("SET #list[1] = :new", {"new": {"S": "uno"}}, {"list": {"L": [{"S": "zero"}, {"S": "uno"}, {"S": "two"}]}}),
        (
            "SET #list = list_append(#list, :new)",
            {"new": {"L": [{"S": "three"}]}},
            {"list": {"L": [{"S": "zero"}, {"S": "one"}, {"S": "two"}, {"S": "three"}]}},
        ),
        (
            "SET #map.added = :new",
            {"new": {"BOOL": True}},
            {"map": {"M": {"inner": {"N": "1"}, "added": {"BOOL": True}}}},
        ),
        ("ADD figure :by", {"by": {"N": "-6"}}, {"figure": {"N": "-1"}}),
        ("ADD #set :more", {"more": {"SS": ["z"]}}, {"set": {"SS": ["x", "y", "z"]}}),
        ("ADD fresh :more", {"more": {"SS": ["z"]}}, {"fresh": {"SS": ["z"]}}),
        ("DELETE #set :less", {"less": {"SS": ["x"]}}, {"set": {"SS": ["y"]}}),
        ("REMOVE figure, #list[0], #list[2]", {}, {"figure": None, "list": {"L": [{"S": "one"}]}}),
        (
            "ADD #set :more SET figure = :new, added = :new",
            {"more": {"SS": ["z"]}, "new": {"N": "1"}},
            {"set": {"SS": ["x", "y", "z"]}, "figure": {"N": "1"}, "added": {"N": "1"}},
        ),
    ],
)
def test_item_is_what_the_expression_makes_of_it(
    client: Any, expression: str, values: Any, changed: dict[str, Any]
) -> None:
    """And nothing else of it has changed."""
    found = update(client, expression, **values)
    wanted = {name: value for name, value in (ITEM | changed).items() if value is not None}
    assert _sorted(found) == wanted
    assert _sorted(client.get_item(TableName=TABLE, Key=KEY)["Item"]) == wanted


def test_one_expression_is_used_with_other_values_and_for_other_items(client: Any) -> None:
    """What was read of it once holds nothing of the update that it was read for."""
    expression = "SET figure = :new ADD #set :more"
    for number in range(3):
        key = {"pk": {"S": f"other-{number}"}}
        new, more = {"N": str(number)}, {"SS": [f"s{number}"]}
        assert update(client, expression, key=key, new=new, more=more) == {**key, "figure": new, "set": more}
    again = update(client, expression, key={"pk": {"S": "other-0"}}, new={"N": "10"}, more={"SS": ["s9"]})
    assert _sorted(again) == {"pk": {"S": "other-0"}, "figure": {"N": "10"}, "set": {"SS": ["s0", "s9"]}}


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("SET figure = :new, figure = :new", {"new": {"N": "1"}}),
        ("SET pk = :new", {"new": {"S": "b"}}),
        ("SET figure = absent + :new", {"new": {"N": "1"}}),
        ("ADD figure :new", {"new": {"S": "text"}}),
        ("SET figure = :new SET added = :new", {"new": {"N": "1"}}),
        ("SET figure :new", {"new": {"N": "1"}}),
        ("SET figure = :other", {"new": {"N": "1"}}),
    ],
)
def test_update_that_cannot_be_made_is_refused_each_time(client: Any, expression: str, values: Any) -> None:
    """Reading an expression before saves nobody from its faults."""
    for _ in range(2):
        with pytest.raises(ClientError, match="ValidationException"):
            update(client, expression, **values)
    assert _sorted(client.get_item(TableName=TABLE, Key=KEY)["Item"]) == ITEM


def _sorted(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item with the members of its sets in order."""
    return {name: {"SS": sorted(value["SS"])} if "SS" in value else value for name, value in item.items()}
