"""The four functions as Python samples have them, on boto3's clients; unlike them `sendmessage` reads every page.

A handler makes only the clients that it needs, in the first event, and keeps them.
"""

import functools
import json
import os
from collections.abc import Iterator
from typing import Any

import boto3

TABLE = os.environ["CONNECTIONS_TABLE"]
OK = {"statusCode": 200}


def connect(event: Any, _context: Any) -> Any:
    """Remember the connection."""
    _dynamodb().put_item(TableName=TABLE, Item=_key(event["requestContext"]["connectionId"]))
    return OK


def disconnect(event: Any, _context: Any) -> Any:
    """Forget the connection."""
    _dynamodb().delete_item(TableName=TABLE, Key=_key(event["requestContext"]["connectionId"]))
    return OK


def send_message(event: Any, _context: Any) -> Any:
    """Post to everyone, one after the other."""
    data = json.loads(event["body"])["data"].encode()
    management = _management()
    for connection_id in _members():
        try:
            management.post_to_connection(ConnectionId=connection_id, Data=data)
        except management.exceptions.GoneException:
            _dynamodb().delete_item(TableName=TABLE, Key=_key(connection_id))
    return OK


def default(event: Any, _context: Any) -> Any:
    """Tell the sender what is wrong."""
    _management().post_to_connection(ConnectionId=event["requestContext"]["connectionId"], Data=b"unknown action")
    return OK


def read(_event: Any, _context: Any) -> Any:
    """Do the part of `send_message` that reads."""
    for _ in _members():
        pass
    return OK


def _members() -> Iterator[str]:
    pages = _dynamodb().get_paginator("scan").paginate(TableName=TABLE, ProjectionExpression="connectionId")
    return (item["connectionId"]["S"] for page in pages for item in page["Items"])


def _key(connection_id: str) -> dict[str, dict[str, str]]:
    return {"connectionId": {"S": connection_id}}


@functools.cache
def _dynamodb() -> Any:
    return boto3.client("dynamodb")


@functools.cache
def _management() -> Any:
    return boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["MANAGEMENT_ENDPOINT"])
