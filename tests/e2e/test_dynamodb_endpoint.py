"""`chat local --dynamodb-endpoint`, with AWS's own DynamoDB Local."""

import asyncio

import pytest
from websockets.asyncio.client import connect

from tests.support import dynamodb
from tests.support.local_stack import local_stack


async def test_chat_runs_on_dynamodb_local_and_leaves_no_table() -> None:
    """The stack creates the template's tables there, uses them, and removes them when it stops."""
    if reason := dynamodb.dynamodb_local_is_missing():
        pytest.skip(reason)
    with dynamodb.dynamodb_local() as endpoint:
        tables = dynamodb.client(endpoint).list_tables
        with local_stack("--dynamodb-endpoint", endpoint) as stack:
            (table,) = (await asyncio.to_thread(tables))["TableNames"]
            async with connect(stack.ws_url) as one, connect(stack.ws_url) as two:
                await one.send('{"action":"sendmessage","data":"live long"}')
                assert [await asyncio.wait_for(each.recv(), 30) for each in (one, two)] == ["live long"] * 2
                rows = await asyncio.to_thread(dynamodb.client(endpoint).scan, TableName=table)
                kinds = sorted(item["pk"]["S"].partition("#")[0] for item in rows["Items"])
                assert kinds == ["connection", "connection", "feed", "log", "room", "room"]
        assert (await asyncio.to_thread(tables))["TableNames"] == []
