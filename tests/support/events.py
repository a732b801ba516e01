"""Events as API Gateway sends them, in the shapes of events captured from real APIs."""

from dataclasses import dataclass
from typing import Any

from entrypoints.aws_lambda.events import Event

CONNECTION_ID = "BFHPhfCWIAMCKlQ="


@dataclass
class Context:
    """Lambda's context object."""

    remaining_ms: int = 28_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


def connect(
    headers: dict[str, str] | None = None, query: dict[str, str] | None = None, connection_id: str = CONNECTION_ID
) -> Event:
    """Return the event of a handshake; without a query string it has no query members."""
    sent = {
        "Host": "fjnq7njcv2.execute-api.us-east-1.amazonaws.com",
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "X-Amzn-Trace-Id": "Root=1-6731ebfc-08e1e656421db73c5d2eef31",
        "X-Forwarded-For": "166.90.225.1",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    } | (headers or {})
    event: dict[str, Any] = {
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "requestContext": _context("$connect", "CONNECT") | {"connectionId": connection_id},
        "isBase64Encoded": False,
    }
    if query:
        event["queryStringParameters"] = query
        event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()}
    return event


def message(body: str, route_key: str = "sendmessage", connection_id: str = CONNECTION_ID) -> Event:
    """Return the event of a text frame."""
    context = _context(route_key, "MESSAGE") | {"messageId": "BFIEYeMIoAMCKlQ=", "connectionId": connection_id}
    return {"requestContext": context, "body": body, "isBase64Encoded": False}


def disconnect() -> Event:
    """Return the event of a connection's end."""
    headers = {
        "Host": "fjnq7njcv2.execute-api.us-east-1.amazonaws.com",
        "x-api-key": "",
        "X-Forwarded-For": "",
        "x-restapi": "",
    }
    context = _context("$disconnect", "DISCONNECT") | {
        "disconnectStatusCode": 1005,
        "disconnectReason": "Client-side close frame status not set",
    }
    return {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "requestContext": context,
        "isBase64Encoded": False,
    }


def _context(route_key: str, event_type: str) -> dict[str, Any]:
    return {
        "routeKey": route_key,
        "eventType": event_type,
        "extendedRequestId": "BFHPhFe3IAMF95g=",
        "requestTime": "11/Nov/2024:11:35:24 +0000",
        "messageDirection": "IN",
        "stage": "prod",
        "connectedAt": 1731324924553,
        "requestTimeEpoch": 1731324924561,
        "identity": {"sourceIp": "166.90.225.1"},
        "requestId": "BFHPhFe3IAMF95g=",
        "domainName": "fjnq7njcv2.execute-api.us-east-1.amazonaws.com",
        "connectionId": CONNECTION_ID,
        "apiId": "fjnq7njcv2",
    }


def authorize(headers: dict[str, str] | None = None, query: dict[str, str] | None = None) -> Event:
    """Return the event of an authorizer; without a query string its query members are empty."""
    event = dict(connect({"Connection": "upgrade", "Upgrade": "websocket"} | (headers or {}), query))
    del event["isBase64Encoded"]
    arn = "arn:aws:execute-api:us-east-1:123456789012:fjnq7njcv2/prod/$connect"
    absent: dict[str, Any] = {"queryStringParameters": {}, "multiValueQueryStringParameters": {}, "stageVariables": {}}
    return {"type": "REQUEST", "methodArn": arn} | absent | event
