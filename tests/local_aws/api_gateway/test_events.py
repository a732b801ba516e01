"""The events of functions, compared with captured ones key by key."""

import json
from dataclasses import replace

from local_aws.api_gateway.events import (
    ClientInfo,
    Event,
    Handshake,
    RequestInfo,
    authorizer_event,
    connect_event,
    disconnect_event,
    forwarded_headers,
    message_event,
)
from local_aws.config import ApiConfig

HOST = "fjnq7njcv2.execute-api.us-east-1.amazonaws.com"
CLIENT = ClientInfo(
    connection_id="BFHPhfCWIAMCKlQ=", connected_at=1731324924553, source_ip="166.90.225.1", user_agent=None
)
BROWSER = ClientInfo(
    connection_id="BFHPhfCWIAMCKlQ=", connected_at=1731324924553, source_ip="1.2.3.4", user_agent="Moz"
)
REQUEST = RequestInfo(request_id="BFHPhFe3IAMF95g=", epoch_ms=1731324924561)


def api(**variables: str) -> ApiConfig:
    """Describe an API."""
    return ApiConfig(
        id="fjnq7njcv2",
        name="chat",
        stage="prod",
        region="us-east-1",
        account="123456789012",
        route_selection_expression="$request.body.action",
        routes={},
        stage_variables=variables,
    )


def handshake(*headers: tuple[str, str], query: str = "") -> Handshake:
    """Describe an upgrade request."""
    return Handshake(request_info=REQUEST, headers=list(headers), query=query)


def same(event: Event, expected: Event) -> bool:
    """Return whether two events are equal, also in the order of their keys."""
    return json.dumps(event) == json.dumps(expected)


def test_a_connect_event_is_that_of_a_capture() -> None:
    """Without a query string or stage variables their keys are absent, not null (1.12)."""
    event = connect_event(api(), CLIENT, handshake(("Host", HOST), ("Sec-WebSocket-Version", "13")))
    expected = {
        "headers": {"Host": HOST, "Sec-WebSocket-Version": "13"},
        "multiValueHeaders": {"Host": [HOST], "Sec-WebSocket-Version": ["13"]},
        "requestContext": {
            "routeKey": "$connect",
            "eventType": "CONNECT",
            "extendedRequestId": "BFHPhFe3IAMF95g=",
            "requestTime": "11/Nov/2024:11:35:24 +0000",
            "messageDirection": "IN",
            "stage": "prod",
            "connectedAt": 1731324924553,
            "requestTimeEpoch": 1731324924561,
            "identity": {"sourceIp": "166.90.225.1"},
            "requestId": "BFHPhFe3IAMF95g=",
            "domainName": HOST,
            "connectionId": "BFHPhfCWIAMCKlQ=",
            "apiId": "fjnq7njcv2",
        },
        "isBase64Encoded": False,
    }
    assert same(event, expected)


def test_a_connect_event_carries_query_stage_variables_and_user_agent_where_there_are_any() -> None:
    """The single-value map has the last value of a repeated parameter, decoded (1.12)."""
    event = connect_event(api(colour="red"), BROWSER, handshake(query="k=v%20w&k=x&e=&f=%C3%A9"))
    assert list(event) == [
        "headers",
        "multiValueHeaders",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "stageVariables",
        "requestContext",
        "isBase64Encoded",
    ]
    assert event["queryStringParameters"] == {"k": "x", "e": "", "f": "é"}
    assert event["multiValueQueryStringParameters"] == {"k": ["v w", "x"], "e": [""], "f": ["é"]}
    assert event["stageVariables"] == {"colour": "red"}
    assert same(event["requestContext"]["identity"], {"userAgent": "Moz", "sourceIp": "1.2.3.4"})


def test_a_message_event_is_that_of_a_capture() -> None:
    """It has no headers and no query string (2.1)."""
    event = message_event(api(), CLIENT, REQUEST, route_key="$default", message_id="PJqCFfHyKRcCHlw=", body="hello")
    expected = {
        "requestContext": {
            "routeKey": "$default",
            "messageId": "PJqCFfHyKRcCHlw=",
            "eventType": "MESSAGE",
            "extendedRequestId": "BFHPhFe3IAMF95g=",
            "requestTime": "11/Nov/2024:11:35:24 +0000",
            "messageDirection": "IN",
            "stage": "prod",
            "connectedAt": 1731324924553,
            "requestTimeEpoch": 1731324924561,
            "identity": {"sourceIp": "166.90.225.1"},
            "requestId": "BFHPhFe3IAMF95g=",
            "domainName": HOST,
            "connectionId": "BFHPhfCWIAMCKlQ=",
            "apiId": "fjnq7njcv2",
        },
        "body": "hello",
        "isBase64Encoded": False,
    }
    assert same(event, expected)


def test_a_disconnect_event_is_that_of_a_capture() -> None:
    """It has four headers, three of them empty (3.1)."""
    event = disconnect_event(api(), CLIENT, REQUEST, code=1001, reason="Going away")
    expected = {
        "headers": {"Host": HOST, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""},
        "multiValueHeaders": {"Host": [HOST], "x-api-key": [""], "X-Forwarded-For": [""], "x-restapi": [""]},
        "requestContext": {
            "routeKey": "$disconnect",
            "disconnectStatusCode": 1001,
            "eventType": "DISCONNECT",
            "extendedRequestId": "BFHPhFe3IAMF95g=",
            "requestTime": "11/Nov/2024:11:35:24 +0000",
            "messageDirection": "IN",
            "disconnectReason": "Going away",
            "stage": "prod",
            "connectedAt": 1731324924553,
            "requestTimeEpoch": 1731324924561,
            "identity": {"sourceIp": "166.90.225.1"},
            "requestId": "BFHPhFe3IAMF95g=",
            "domainName": HOST,
            "connectionId": "BFHPhfCWIAMCKlQ=",
            "apiId": "fjnq7njcv2",
        },
        "isBase64Encoded": False,
    }
    assert same(event, expected)


def test_forwarded_headers_are_those_that_the_front_end_of_aws_lets_through() -> None:
    """Hop-by-hop headers are removed, the host is the API's, and the headers of the front end are added (1.12)."""
    sent = [
        ("host", "127.0.0.1:8080"),
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Content-Length", "0"),
        ("X-Forwarded-For", "9.9.9.9"),
        ("Cookie", "a=1"),
        ("Cookie", "b=2"),
    ]
    assert forwarded_headers(sent, api=api(), source_ip="127.0.0.1", trace_id="Root=1-2-3") == [
        ("Cookie", "a=1"),
        ("Cookie", "b=2"),
        ("Host", HOST),
        ("X-Amzn-Trace-Id", "Root=1-2-3"),
        ("X-Forwarded-For", "9.9.9.9, 127.0.0.1"),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ]


def test_an_authorizer_event_is_that_of_a_capture() -> None:
    """It has the hop-by-hop headers, and empty maps for keys that `$connect` omits (4.2)."""
    headers = [("Host", HOST), ("Sec-WebSocket-Version", "13"), ("X-Forwarded-For", "166.90.225.1")]
    event = authorizer_event(api(), CLIENT, handshake(*headers))
    expected = {
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:us-east-1:123456789012:fjnq7njcv2/prod/$connect",
        "headers": {
            "Connection": "upgrade",
            "content-length": "0",
            "Host": HOST,
            "Sec-WebSocket-Version": "13",
            "Upgrade": "websocket",
            "X-Forwarded-For": "166.90.225.1",
        },
        "multiValueHeaders": {
            "Connection": ["upgrade"],
            "content-length": ["0"],
            "Host": [HOST],
            "Sec-WebSocket-Version": ["13"],
            "Upgrade": ["websocket"],
            "X-Forwarded-For": ["166.90.225.1"],
        },
        "queryStringParameters": {},
        "multiValueQueryStringParameters": {},
        "stageVariables": {},
        "requestContext": {
            "routeKey": "$connect",
            "eventType": "CONNECT",
            "extendedRequestId": "BFHPhFe3IAMF95g=",
            "requestTime": "11/Nov/2024:11:35:24 +0000",
            "messageDirection": "IN",
            "stage": "prod",
            "connectedAt": 1731324924553,
            "requestTimeEpoch": 1731324924561,
            "identity": {"sourceIp": "166.90.225.1"},
            "requestId": "BFHPhFe3IAMF95g=",
            "domainName": HOST,
            "connectionId": "BFHPhfCWIAMCKlQ=",
            "apiId": "fjnq7njcv2",
        },
    }
    assert same(event, expected)


def test_an_authorizer_event_carries_query_and_stage_variables() -> None:
    """They have the same form as in `$connect` (4.2)."""
    event = authorizer_event(api(colour="red"), CLIENT, handshake(query="k=v&k=w"))
    assert event["queryStringParameters"] == {"k": "w"}
    assert event["multiValueQueryStringParameters"] == {"k": ["v", "w"]}
    assert event["stageVariables"] == {"colour": "red"}


def test_what_an_authorizer_said_follows_the_route_key() -> None:
    """Only the event of `$connect` has the authorizer's latency, as a number (4.5)."""
    client = replace(CLIENT, authorizer={"tenant_id": "t", "principalId": "p"})
    opened = connect_event(api(), client, handshake(), authorizer_ms=21)["requestContext"]
    message = message_event(api(), client, REQUEST, route_key="$default", message_id="m", body="")["requestContext"]
    closed = disconnect_event(api(), client, REQUEST, code=1000, reason="")["requestContext"]
    assert [list(each)[:2] for each in (opened, message, closed)] == [["routeKey", "authorizer"]] * 3
    assert opened["authorizer"] == {"tenant_id": "t", "principalId": "p", "integrationLatency": 21}
    assert message["authorizer"] == closed["authorizer"] == {"tenant_id": "t", "principalId": "p"}
