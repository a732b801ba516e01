"""The functions on a table that takes requests and does not answer."""

import json
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from adapters.dynamodb import (
    DynamoDBAudience,
    DynamoDBPresence,
    DynamoDBRoomFeed,
    DynamoDBRoomHistory,
    DynamoDBSessions,
    DynamoDBSubscriptions,
)
from entrypoints.aws_lambda.events import Event
from tests.support import dynamodb
from tests.support.events import Context, connect, disconnect, message
from tests.support.functions import Functions, functions_on, memory_ports, replies
from tests.support.silent_server import silent_server

HELLO = '{"action":"sendmessage","data":"live long"}'


@pytest.fixture
def hanging() -> Iterator[Functions]:
    """Return the functions on a table that takes requests and does not answer."""
    with silent_server() as url, closing(dynamodb.direct_client(url)) as client:
        ports = {
            "sessions": DynamoDBSessions(client, table="t"),
            "subscriptions": DynamoDBSubscriptions(client, table="t"),
            "audience": DynamoDBAudience(client, table="t"),
            "presence": DynamoDBPresence(client, table="t"),
            "feed": DynamoDBRoomFeed(client, table="t"),
            "history": DynamoDBRoomHistory(client, table="t"),
        }
        with functions_on(memory_ports() | ports) as functions:
            yield functions


@pytest.mark.parametrize(("name", "event"), [("connect", connect()), ("disconnect", disconnect())])
def test_table_that_hangs_is_answered_as_failure_in_time(hanging: Functions, name: str, event: Event) -> None:
    """By the function, which says why in its log; one that is stopped says nothing, and its client gets a 502."""
    started = time.monotonic()
    assert hanging(name, event, Context(remaining_ms=1_300)) == {"statusCode": 503}
    assert time.monotonic() - started < 1.3


def test_sender_is_told_in_time_that_the_table_hangs(hanging: Functions) -> None:
    """There is time left for that."""
    inbox = hanging.receives()
    started = time.monotonic()
    assert hanging("send_message", message(HELLO), Context(remaining_ms=1_500)) == {"statusCode": 503}
    assert time.monotonic() - started < 1.5
    assert json.loads(inbox[0])["code"] == "unavailable"


def test_client_of_the_centrifuge_protocol_is_told_in_time_that_the_table_hangs(hanging: Functions) -> None:
    """It would give up after 5 s, and a subscription that gets no reply ends its connection."""
    inbox = hanging.receives()
    event = message('{"id":1,"connect":{}}', "$default")
    assert hanging("default", event, Context(remaining_ms=1_500)) == {"statusCode": 503}
    assert replies(inbox)[0]["error"]["code"] == 100
