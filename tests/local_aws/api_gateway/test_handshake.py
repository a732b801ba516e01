"""From the upgrade request to the open connection, or to the rejection."""

import asyncio
import json
import re
from typing import Any

import pytest
from websockets.frames import Frame, Opcode

from local_aws.config import RouteConfig
from local_aws.http_server import Visitors
from local_aws.invoker import FunctionError, InvocationRefused
from tests.support.gateway import Api, Event

KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def upgrade(path: str = "/dev", key: str = KEY, version: str = "13") -> bytes:
    """Build an upgrade request."""
    headers = f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: {key}\r\n"
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Sec-WebSocket-Version: {version}\r\n\r\n".encode()


async def test_the_connect_function_gets_the_handshake(api: Api) -> None:
    """Headers keep the client's case; everything else is exactly as on AWS (1.12)."""
    api.route("$connect")
    await api.start(variables={"colour": "red"})
    async with api.connect("/dev?name=a", user_agent_header="agent/1", origin="http://localhost:5173"):
        [event] = await api.events("CONNECT")
    headers, context = event["headers"], event["requestContext"]
    assert headers.pop("Sec-WebSocket-Key")
    assert re.fullmatch("Root=1-[0-9a-f]{8}-[0-9a-f]{24}", headers.pop("X-Amzn-Trace-Id"))
    assert headers == {
        "Host": "abcdef1234.execute-api.us-east-1.amazonaws.com",
        "Origin": "http://localhost:5173",
        "Sec-WebSocket-Version": "13",
        "User-Agent": "agent/1",
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    assert event["queryStringParameters"] == {"name": "a"}
    assert event["stageVariables"] == {"colour": "red"}
    assert context["identity"] == {"userAgent": "agent/1", "sourceIp": "127.0.0.1"}
    assert context["requestId"] == context["extendedRequestId"]
    assert 0 <= context["requestTimeEpoch"] - context["connectedAt"] <= 10


@pytest.mark.parametrize("path", ["/dev", "/dev/", "/dev?a=b", "/%64ev/"])
async def test_without_a_connect_route_everyone_may_connect(api: Api, path: str) -> None:
    """The route is optional, and so is the slash after the stage (1.1, 1.5)."""
    await api.start()
    async with api.connect(path) as client:
        assert client.subprotocol is None


@pytest.mark.parametrize("status", [200, 201, 204])
async def test_any_success_of_the_function_opens_the_connection(api: Api, status: int) -> None:
    """API Gateway accepts any 2xx, not only 200 (1.6)."""

    async def function(event: Event) -> Event:
        return {"statusCode": status, "body": "not forwarded", "headers": {"X-Not": "forwarded"}}

    api.route("$connect", function)
    await api.start()
    async with api.connect() as client:
        assert client.response is not None
        assert "X-Not" not in client.response.headers


@pytest.mark.parametrize(
    ("status", "message"),
    [(301, "Moved Permanently"), (401, "Unauthorized"), (403, "Forbidden"), (501, "Not Implemented")],
)
async def test_any_other_status_becomes_that_of_the_handshake(api: Api, status: int, message: str) -> None:
    """The client receives the function's status, and no `$disconnect` follows (1.6, 3.4)."""

    async def function(event: Event) -> Event:
        return {"statusCode": status}

    api.route("$connect", function)
    api.route("$disconnect")
    await api.start()
    code, body = await api.refusal()
    assert (code, body["message"]) == (status, message)
    [event] = await api.events("CONNECT")
    assert body["connectionId"] == event["requestContext"]["connectionId"]
    assert body["requestId"] == event["requestContext"]["requestId"]
    assert [each["requestContext"]["eventType"] for each in api.functions.events] == ["CONNECT"]


@pytest.mark.parametrize(
    ("outcome", "status", "message"),
    [
        (FunctionError("KeyError", "'a'"), 502, "Internal server error"),
        (InvocationRefused("no such function"), 500, "Internal server error"),
        (RuntimeError("a fault of the invoker"), 500, "Internal server error"),
        (None, 502, "Internal server error"),
        ({}, 502, "Internal server error"),
        ({"statusCode": 101}, 502, "Internal server error"),
        ({"statusCode": 200, "extra": 1}, 502, "Internal server error"),
        (5.0, 504, "Endpoint request timed out"),
    ],
    ids=["raises", "refused", "invoker fails", "null", "no status", "101", "unknown key", "too slow"],
)
async def test_a_function_that_fails_refuses_the_client(api: Api, outcome: Any, status: int, message: str) -> None:
    """The status is 502, 500 if it never ran, or 504 if it timed out; one log line has the reason (1.6)."""

    async def function(event: Event) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(outcome, float):
            await asyncio.sleep(outcome)
        return outcome

    api.route("$connect", function, timeout_ms=100)
    await api.start()
    code, body = await api.refusal()
    assert (code, body["message"]) == (status, message)
    [line] = api.lines
    assert line.startswith(f"$connect {body['connectionId']}: ")
    assert "\n" not in line


@pytest.mark.parametrize("name", ["Sec-WebSocket-Protocol", "Sec-Websocket-Protocol", "sec-websocket-protocol"])
async def test_the_function_chooses_the_subprotocol(api: Api, name: str) -> None:
    """The gateway names the returned one; the header is case-insensitive (1.7)."""

    async def function(event: Event) -> Event:
        assert event["headers"]["Sec-WebSocket-Protocol"] == "chat.v2, chat.v1"
        return {"statusCode": 200, "headers": {name: "chat.v1"}}

    api.route("$connect", function)
    await api.start()
    async with api.connect(subprotocols=["chat.v2", "chat.v1"]) as client:
        assert client.subprotocol == "chat.v1"


async def test_no_subprotocol_is_chosen_for_a_function_that_chooses_none(api: Api) -> None:
    """Choosing the first, as WebSocket libraries do, would hide a mistake of the handler that browsers reject (1.7)."""
    api.route("$connect")
    await api.start()
    async with api.connect(subprotocols=["chat.v1"]) as client:
        assert client.subprotocol is None


async def test_compression_is_not_negotiated_and_its_offer_is_passed_on(api: Api) -> None:
    """It is not known whether AWS supports it; clients have to work without it (1.8)."""
    api.route("$connect")
    await api.start()
    async with api.connect(compression="deflate") as client:
        assert client.response is not None
        assert "Sec-WebSocket-Extensions" not in client.response.headers
    [event] = await api.events("CONNECT")
    assert "permessage-deflate" in event["headers"]["Sec-WebSocket-Extensions"]


@pytest.mark.parametrize("path", ["/", "/prod", "/dev/more", "/DEV", "/dev/@connections/L0SM9cOFvHcCIhw="])
async def test_a_wrong_stage_is_forbidden(api: Api, path: str) -> None:
    """A path with segments after the stage is wrong as well (1.2)."""
    await api.start()
    assert await api.refusal(path) == (403, {"message": "Forbidden"})


@pytest.mark.parametrize("path", ["/dev", "/dev/", "/dev/foo", "/dev/a/b"])
async def test_plain_request_gets_upgrade_required(api: Api, path: str) -> None:
    """It gets 426, as on AWS (1.3)."""
    await api.start()
    received = await api.exchange(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert received.startswith(b"HTTP/1.1 426 Upgrade Required\r\n")
    assert b"\r\nUpgrade: websocket\r\n" in received


async def test_a_plain_request_for_another_stage_is_forbidden(api: Api) -> None:
    """There is no API at this path (1.2)."""
    await api.start()
    received = await api.exchange(b"GET /prod HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 403 ")
    assert received.endswith(b'{"message":"Forbidden"}')


@pytest.mark.parametrize(
    "request_",
    [
        upgrade(key=""),
        upgrade(key="c2hvcnQ="),
        upgrade(key="not base64 at all!!!!!!!"),
        upgrade(version="8"),
        upgrade().replace(b"Sec-WebSocket-Key", b"X-Key"),
        upgrade().replace(b"Sec-WebSocket-Version", b"X-Version"),
        upgrade().replace(b"GET", b"POST"),
    ],
    ids=["empty key", "short key", "bad key", "old version", "no key", "no version", "POST"],
)
async def test_a_malformed_handshake_is_refused(api: Api, request_: bytes) -> None:
    """RFC 6455, section 4.2.1; no function runs."""
    api.route("$connect")
    await api.start()
    received = await api.exchange(request_)
    assert received.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert list(json.loads(received.partition(b"\r\n\r\n")[2])) == ["message"]
    assert api.functions.events == []


@pytest.mark.parametrize(("length", "status"), [(4096, b"101"), (4097, b"414")])
async def test_a_url_may_have_4096_characters(api: Api, length: int, status: bytes) -> None:
    """Tokens in the query string can exceed API Gateway's quota (1.1)."""
    await api.start()
    path = "/dev?token=".ljust(length, "a")
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(upgrade(path))
    assert (await reader.readline()).split(b" ")[1] == status
    writer.close()


async def test_the_answer_to_a_handshake_is_that_of_rfc_6455(api: Api) -> None:
    """The example of RFC 6455, section 1.3, is known to be right."""
    await api.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(upgrade(key=KEY))
    assert await reader.readuntil(b"\r\n\r\n") == (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    )
    writer.close()


async def test_what_a_client_sends_early_waits_until_it_is_connected(api: Api) -> None:
    """No message is processed before its `$connect` has ended (2.9)."""

    async def slow(event: Event) -> Event:
        await asyncio.sleep(0.05)
        assert [each["requestContext"]["eventType"] for each in api.functions.events] == ["CONNECT"]
        return {"statusCode": 200}

    api.route("$connect", slow)
    api.route("$default")
    await api.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(upgrade() + Frame(Opcode.TEXT, b"early").serialize(mask=True))
    assert (await reader.readline()).split(b" ")[1] == b"101"
    [event] = await api.events("MESSAGE")
    assert event["body"] == "early"
    writer.close()


async def test_a_client_that_leaves_during_connect_is_reported_as_dropped(api: Api) -> None:
    """The function has stored a connection that only `$disconnect` can remove."""
    leave = asyncio.Event()

    async def slow(event: Event) -> Event:
        await leave.wait()
        await asyncio.sleep(0.05)
        return {"statusCode": 200}

    api.route("$connect", slow)
    api.route("$disconnect")
    await api.start()
    _, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(upgrade())
    await api.events("CONNECT")
    writer.close()
    leave.set()
    [event] = await api.events("DISCONNECT")
    assert event["requestContext"]["disconnectStatusCode"] == 1006


async def test_connect_integration_that_cannot_run_here_admits_no_client(api: Api) -> None:
    """The function might have rejected the client (1.5)."""
    api.routes["$connect"] = RouteConfig(key="$connect", integration=None, unserved="an integration of type HTTP")
    await api.start()
    status, _ = await api.refusal()
    assert status == 500
    assert api.lines[0].endswith("an integration of type HTTP, not run here")


async def test_page_from_elsewhere_may_not_connect(api: Api) -> None:
    """On AWS it may connect; here it could attack the developer's machine."""
    api.route("$connect")
    await api.start(visitors=Visitors.of(origins=["https://app.example"]))
    status, body = await api.refusal(origin="https://evil.example")
    assert (status, body) == (403, {"message": "Forbidden: --allow-origin allows this page to connect"})
    assert api.lines == [
        "Rejected a page of 'https://evil.example'; --allow-origin 'https://evil.example' allows it to connect"
    ]
    assert api.functions.events == []
    for origin in ("http://localhost:5173", "https://app.example"):
        async with api.connect(origin=origin):
            pass


async def test_host_that_is_not_the_apis_is_refused(api: Api) -> None:
    """Functions build the API's own name from their events."""
    await api.start()
    own = "abcdef1234.execute-api.us-east-1.amazonaws.com"
    for host, status in ((own, b"101"), ("evil.test", b"403"), (f"x.{own}", b"403")):
        received = await api.exchange(upgrade().replace(b"localhost", host.encode()) + b"\x88\x80\0\0\0\0")
        assert received.startswith(b"HTTP/1.1 " + status)
