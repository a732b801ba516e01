"""The samples' way in Python: every id known, one post after the other; ids in memory, which spares a database."""

import json
import os
from typing import Any

import boto3

ids: set[str] = set()
client = boto3.client(
    "apigatewaymanagementapi",
    endpoint_url=os.environ["PEER_ENDPOINT"],
    region_name="us-east-1",
    aws_access_key_id="x",
    aws_secret_access_key="x",
)


def chat(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Serve all three routes."""
    route, connection_id = (event["requestContext"][each] for each in ("routeKey", "connectionId"))
    if route == "$connect":
        ids.add(connection_id)
    elif route == "$disconnect":
        ids.discard(connection_id)
    else:
        data = json.loads(event["body"])["data"]
        for each in list(ids):
            try:
                client.post_to_connection(ConnectionId=each, Data=data.encode())
            except client.exceptions.GoneException:
                ids.discard(each)
    return {"statusCode": 200}
