"""The embedded DynamoDB, where what moto does is made cheaper: the pages of a query hold what DynamoDB's do."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from tests.support import dynamodb

ITEMS = 25
_numbers = count(1)
Query = Callable[..., list[list[Any]]]


@pytest.fixture(params=["S", "N", "B"])
def query(endpoint: str, request: pytest.FixtureRequest) -> Iterator[Query]:
    """Fill a partition between two others, its sort keys of one type; return a function that gives a query's pages."""
    client = dynamodb.client(endpoint)
    table = f"pages-{next(_numbers)}"
    kind = request.param
    client.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": kind},
        ],
    )
    for partition in ("a", "b", "c"):
        # Not in the order that they are asked for in.
        for number in sorted(range(ITEMS), key=lambda each: each * 7 % ITEMS):
            client.put_item(TableName=table, Item={"pk": {"S": partition}, "sk": {kind: _key(kind, number)}})

    def pages(*, partition: str = "b", condition: str = "", limit: int | None = None, **more: Any) -> list[list[Any]]:
        values = {":pk": {"S": partition}}
        if condition:
            values[":sk"] = {kind: _key(kind, 9)}
        answers = client.get_paginator("query").paginate(
            TableName=table,
            KeyConditionExpression=f"pk = :pk{condition}",
            ExpressionAttributeValues=values,
            ConsistentRead=True,
            **({"PaginationConfig": {"PageSize": limit}} if limit else {}),
            **more,
        )
        return [[_number(kind, each["sk"][kind]) for each in answer["Items"]] for answer in answers]

    yield pages
    client.delete_table(TableName=table)
    client.close()


def _key(kind: str, number: int) -> Any:
    return {"S": f"{number:02}", "N": str(number), "B": bytes([number])}[kind]


def _number(kind: str, key: Any) -> int:
    return key[0] if kind == "B" else int(key)


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [None, 1, 10, ITEMS, ITEMS + 1])
def test_pages_of_a_query_hold_the_partition_in_order(query: Query, limit: int | None, forward: bool) -> None:
    """None of it twice, nothing of the others, and no page larger than was asked for."""
    pages = query(limit=limit, ScanIndexForward=forward)
    wanted = list(range(ITEMS)) if forward else list(range(ITEMS))[::-1]
    assert [each for page in pages for each in page] == wanted
    assert max(map(len, pages)) <= (limit or ITEMS)


@pytest.mark.parametrize("limit", [None, 4])
def test_condition_on_the_sort_key_holds_on_every_page(query: Query, limit: int | None) -> None:
    """Whatever comes before it or after it in the partition."""
    for condition, wanted in ((" AND sk > :sk", range(10, ITEMS)), (" AND sk <= :sk", range(10))):
        pages = query(condition=condition, limit=limit)
        assert [each for page in pages for each in page] == list(wanted)


def test_partition_that_is_not_there_is_empty(query: Query) -> None:
    """And is not there afterwards either."""
    assert query(partition="d") == [[]]


def test_projection_holds_what_it_names(endpoint: str) -> None:
    """Attributes of any type, and parts of them."""
    client = dynamodb.client(endpoint)
    client.create_table(
        TableName="projections",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in ("pk", "sk")],
    )
    item = {
        "pk": {"S": "a"},
        "sk": {"S": "b"},
        "figure": {"N": "1.50"},
        "set": {"SS": ["x"]},
        "flag": {"BOOL": False},
        "nothing": {"NULL": True},
        "bytes": {"B": b"\0\xff"},
        "map": {"M": {"inner": {"L": [{"S": "x"}, {"N": "2"}]}}},
        "blank": {"S": ""},
    }
    client.put_item(TableName="projections", Item=item)

    def projected(expression: str) -> Any:
        answer = client.query(
            TableName="projections",
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": "a"}},
            ExpressionAttributeNames={"#map": "map", "#set": "set", "#nothing": "nothing", "#bytes": "bytes"},
            ProjectionExpression=expression,
        )
        return answer["Items"][0]

    try:
        whole = "pk, sk, figure, #set, flag, #nothing, #bytes, #map, blank, absent"
        assert projected(whole) == item
        assert projected("sk, #map.inner[1], #set, #nothing, #bytes") == {
            **{name: item[name] for name in ("sk", "set", "nothing", "bytes")},
            "map": {"M": {"inner": {"L": [{"N": "2"}]}}},
        }
    finally:
        client.delete_table(TableName="projections")
        client.close()
