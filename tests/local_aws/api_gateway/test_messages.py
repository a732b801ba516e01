"""From a client's frame to the function of its route, and the response."""

import asyncio
import json
import logging
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from local_aws.config import RouteConfig
from local_aws.invoker import FunctionError, InvocationRefused
from tests.support.gateway import Api, Event


async def silent(client: ClientConnection) -> bool:
    """Return whether the connection is open and has nothing to read."""
    await (await client.ping())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.recv(), 0.05)
    return True


async def test_a_message_goes_to_the_route_it_names(api: Api) -> None:
    """Its body is the frame, verbatim; the data of the handshake is repeated (2.1)."""
    api.route("$connect")
    api.route("sendMessage")
    api.route("$default")
    await api.start(expression="$request.body.action")
    async with api.connect() as client:
        await client.send('{"action": "sendMessage", "data": "é\\ud83d"}')
        await client.send("")
        first, second = await api.events("MESSAGE", 2)
    [opened] = await api.events("CONNECT")
    assert first["requestContext"]["routeKey"] == "sendMessage"
    assert first["body"] == '{"action": "sendMessage", "data": "é\\ud83d"}'
    assert (second["requestContext"]["routeKey"], second["body"]) == ("$default", "")
    for name in ("connectionId", "connectedAt", "identity", "apiId", "stage", "domainName"):
        assert first["requestContext"][name] == opened["requestContext"][name]
    ids = [event["requestContext"]["messageId"] for event in (first, second)]
    assert len({*ids, *(event["requestContext"]["requestId"] for event in (opened, first, second))}) == 5


async def test_a_message_without_a_route_is_forbidden(api: Api) -> None:
    """The frame is byte for byte that of AWS, uneven spacing included; the connection stays open (2.4)."""
    api.route("$connect")
    await api.start()
    async with api.connect() as client:
        await client.send("hello")
        frame = await client.recv()
        assert isinstance(frame, str)
        document = json.loads(frame)
        [event] = await api.events("CONNECT")
        identity = event["requestContext"]["connectionId"]
        expected = f'{{"message": "Forbidden", "connectionId":"{identity}", "requestId":"{document["requestId"]}"}}'
        assert frame == expected
        assert await silent(client)


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (FunctionError("KeyError", "'a'\n  in a line of its own"), "Internal server error"),
        (InvocationRefused("no such function"), "Internal server error"),
        (None, "Internal server error"),
        ("text", "Internal server error"),
        ({"statusCode": 200, "ConnectionId": "x", "Data": "y"}, "Internal server error"),
        (5.0, "Endpoint request timed out"),
    ],
    ids=["raises", "refused", "null", "text", "unknown keys", "too slow"],
)
async def test_a_failing_function_is_reported_to_its_client_and_the_log(api: Api, outcome: Any, message: str) -> None:
    """The client receives one frame, the log has one line, and the connection stays open (2.5, 2.7, 2.10)."""

    async def function(event: Event) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(outcome, float):
            await asyncio.sleep(outcome)
        return outcome

    api.route("go", function, timeout_ms=100)
    await api.start()
    async with api.connect() as client:
        await client.send('{"action":"go"}')
        document = json.loads(await client.recv())
        [event] = await api.events("MESSAGE")
        assert list(document) == ["message", "connectionId", "requestId"]
        assert document["message"] == message
        assert document["requestId"] == event["requestContext"]["requestId"]
        assert await silent(client)
    [line] = api.lines
    assert line.startswith(f"go {document['connectionId']}: ")
    assert "\n" not in line


async def test_a_fault_of_the_invoker_is_a_fault_of_the_server(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """The traceback is logged, and the client receives the same error as for any failure."""

    async def function(event: Event) -> Event:
        raise RuntimeError("broken")

    api.route("go", function)
    await api.start()
    with caplog.at_level(logging.ERROR):
        async with api.connect() as client:
            await client.send('{"action":"go"}')
            assert json.loads(await client.recv())["message"] == "Internal server error"
    assert caplog.records[0].exc_info is not None


@pytest.mark.parametrize("status", [200, 201, 301, 401, 501])
async def test_the_answer_of_a_one_way_route_is_dropped(api: Api, status: int) -> None:
    """Its status does not matter (2.6)."""

    async def function(event: Event) -> Event:
        return {"statusCode": status, "body": "dropped"}

    api.route("$default", function)
    await api.start()
    async with api.connect() as client:
        await client.send("hello")
        await api.events("MESSAGE")
        assert await silent(client)
    assert api.lines == []


@pytest.mark.parametrize("status", [200, 500])
async def test_a_two_way_route_answers_with_its_body(api: Api, status: int) -> None:
    """It is one text message, with any status (2.8)."""

    async def function(event: Event) -> Event:
        return {"statusCode": status, "body": event["body"] * 2}

    api.route("$default", function, two_way=True)
    await api.start()
    async with api.connect() as client:
        await client.send("hé")
        assert await client.recv() == "héhé"
        await client.send("a" * 30_000)
        assert await client.recv() == "a" * 60_000


@pytest.mark.parametrize("sends", [True, False])
async def test_a_two_way_route_without_a_body_sends_an_empty_message_or_none(api: Api, sends: bool) -> None:
    """One report says that AWS sends one; an option turns it off (2.8)."""
    api.route("$default", two_way=True)
    await api.start(empty_replies=sends)
    async with api.connect() as client:
        await client.send("hello")
        await api.events("MESSAGE")
        if sends:
            assert await client.recv() == ""
        assert await silent(client)


async def test_a_route_without_a_function_is_an_error_of_the_server(api: Api) -> None:
    """Such a route can be deployed; the client receives the same error as for a failing function."""
    api.routes["$default"] = RouteConfig(key="$default", integration=None)
    await api.start()
    async with api.connect() as client:
        await client.send("hello")
        assert json.loads(await client.recv())["message"] == "Internal server error"
    assert len(api.lines) == 1


async def test_messages_are_started_in_order_and_none_waits_for_another(api: Api) -> None:
    """The functions overlap, so that responses arrive in the order in which they end (2.9)."""
    release = asyncio.Event()

    async def function(event: Event) -> Event:
        if event["body"] == "9":
            release.set()
        await release.wait()
        await asyncio.sleep(0.01 * (10 - int(event["body"])))
        return {"statusCode": 200, "body": event["body"]}

    api.route("$default", function, two_way=True)
    await api.start()
    async with api.connect() as client:
        for number in range(10):
            await client.send(str(number))
        answers = [await asyncio.wait_for(client.recv(), 5) for _ in range(10)]
    assert [event["body"] for event in await api.events("MESSAGE")] == [str(number) for number in range(10)]
    assert answers == [str(number) for number in reversed(range(10))]


async def test_a_fragmented_message_arrives_whole(api: Api) -> None:
    """Fragments may split a character."""
    api.route("$default")
    await api.start()
    async with api.connect() as client:
        await client.send(["é" * 10_000, "x", "é"])
        [event] = await api.events("MESSAGE")
    assert event["body"] == "é" * 10_000 + "xé"


async def test_pings_are_answered_and_reach_no_function(api: Api) -> None:
    """The gateway sends the pongs (7)."""
    api.route("$default")
    await api.start()
    async with api.connect() as client:
        await asyncio.wait_for(await client.ping(b"data"), 5)
    assert api.functions.events == []


async def test_an_integration_that_is_not_run_here_fails_its_messages(api: Api) -> None:
    """The client receives the error of a failing function, and the log has the type of the integration (2.5)."""
    api.routes["$default"] = RouteConfig(key="$default", integration=None, unserved="an integration of type HTTP")
    await api.start()
    async with api.connect() as client:
        await client.send("hello")
        document = json.loads(await client.recv())
    assert document["message"] == "Internal server error"
    assert api.lines == [f"$default {document['connectionId']}: an integration of type HTTP, not run here"]
