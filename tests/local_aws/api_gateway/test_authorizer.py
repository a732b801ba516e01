"""Lambda authorizers, from the handshake to the context in later events."""

import asyncio
import json
from typing import Any

import pytest

from local_aws.api_gateway import authorizer as authorizer_module
from local_aws.invoker import FunctionError, InvocationRefused
from tests.support.gateway import Api, Event

METHOD_ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/$connect"


def policy(effect: str = "Allow", resource: str = METHOD_ARN, **fields: Any) -> Event:
    """Build the response of an authorizer."""
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "user", "policyDocument": document, **fields}


async def allow(event: Event) -> Event:
    """Allow every client."""
    return policy(resource=event["methodArn"])


def kinds(api: Api) -> list[str]:
    """Return the types of the events, in order."""
    return [event.get("type", event["requestContext"]["eventType"]) for event in api.functions.events]


async def test_authorizer_runs_once_and_before_connect(api: Api) -> None:
    """It runs once for each connection, and its response is never cached (1.4, 4.1)."""
    api.authorizer(allow)
    api.route("$default")
    api.route("$disconnect")
    await api.start()
    for _ in range(2):
        async with api.connect() as client:
            await client.send("hello")
            await api.events("MESSAGE")
        await api.events("DISCONNECT")
        assert kinds(api) == ["REQUEST", "CONNECT", "MESSAGE", "DISCONNECT"]
        api.functions.events.clear()


async def test_its_event_is_that_of_the_handshake(api: Api) -> None:
    """It has the ids, the time and the trace of the later `$connect` event (4.2)."""
    api.authorizer(allow)
    await api.start(variables={"colour": "red"})
    async with api.connect("/dev?k=v", user_agent_header="agent/1"):
        [asked] = await api.events("REQUEST")
        [connect] = await api.events("CONNECT")
    assert list(asked) == [
        "type",
        "methodArn",
        "headers",
        "multiValueHeaders",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "stageVariables",
        "requestContext",
    ]
    assert asked["methodArn"] == METHOD_ARN
    hops = {name: asked["headers"].pop(name) for name in ("Connection", "Upgrade", "content-length")}
    assert hops == {"Connection": "upgrade", "Upgrade": "websocket", "content-length": "0"}
    assert asked["headers"] == connect["headers"]
    assert connect["requestContext"].pop("authorizer")
    assert asked["requestContext"] == connect["requestContext"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/dev?token=t", {}), ("/dev?token=t", {"Authorization": ""}), ("/dev", {"Authorization": "a"})],
)
async def test_a_handshake_without_its_identity_is_unauthorized(api: Api, path: str, headers: dict[str, str]) -> None:
    """No function runs (4.3)."""
    api.authorizer(allow, "route.request.header.Authorization", "route.request.querystring.token")
    await api.start()
    status, body = await api.refusal(path, additional_headers=headers)
    assert (status, body["message"]) == (401, "Unauthorized")
    assert api.functions.events == []
    assert len(api.lines) == 1
    async with api.connect("/dev?token=t", additional_headers={"authorization": "a"}):
        pass


NO_POLICY: dict[str, Any] = {"statusCode": 401}


@pytest.mark.parametrize(
    ("outcome", "status", "message"),
    [
        (policy("Deny"), 403, "Forbidden"),
        (policy(resource="arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/*/*"), 403, "Forbidden"),
        (FunctionError("Exception", "Unauthorized"), 401, "Unauthorized"),
        (FunctionError("Exception", "unauthorized"), 500, "Internal server error"),
        (FunctionError("Exception", "Unauthorized."), 500, "Internal server error"),
        (FunctionError("KeyError", "'a'\n in two lines"), 500, "Internal server error"),
        (InvocationRefused("no permission"), 500, "Internal server error"),
        (RuntimeError("a fault of the invoker"), 500, "Internal server error"),
        (30.0, 500, "Internal server error"),
        (NO_POLICY, 500, "Internal server error"),
        ("Unauthorized", 500, "Internal server error"),
        (None, 500, "Internal server error"),
        (policy(principalId=None), 500, "Internal server error"),
        (policy(principalId=""), 500, "Internal server error"),
        (policy(principalId=5), 500, "Internal server error"),
        (policy(policyDocument=None), 500, "Internal server error"),
        (policy(context={"a": {}}), 500, "Internal server error"),
        (policy(context={"a": [1]}), 500, "Internal server error"),
        (policy(context=["a"]), 500, "Internal server error"),
        (policy(usageIdentifierKey=5), 500, "Internal server error"),
    ],
)
async def test_an_authorizer_refuses_a_client_or_fails(
    api: Api, monkeypatch: pytest.MonkeyPatch, outcome: Any, status: int, message: str
) -> None:
    """One log line has the reason, and neither `$connect` nor `$disconnect` runs (3.4, 4.4)."""

    async def function(event: Event) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(outcome, float):
            await asyncio.sleep(outcome)
        return outcome

    monkeypatch.setattr(authorizer_module, "TIMEOUT_SECONDS", 0.1)
    api.authorizer(function)
    api.route("$disconnect")
    await api.start()
    code, body = await api.refusal()
    assert (code, body["message"]) == (status, message)
    assert kinds(api) == ["REQUEST"]
    [line] = api.lines
    assert line.startswith(f"authorizer {body['connectionId']}: ")
    assert "\n" not in line


@pytest.mark.parametrize(("length", "accepted"), [(8192, True), (8193, False)])
async def test_an_answer_may_have_8_kb(api: Api, length: int, accepted: bool) -> None:
    """The quota applies to the byte (4.1, 6)."""
    padding = length - len(json.dumps(policy(context={"a": ""})))

    async def function(event: Event) -> Event:
        return policy(context={"a": "a" * padding})

    api.authorizer(function)
    await api.start()
    if accepted:
        async with api.connect():
            pass
    else:
        assert (await api.refusal())[0] == 500


async def test_what_an_authorizer_says_is_in_every_later_event(api: Api) -> None:
    """All values become text; only `$connect` receives the authorizer's latency, as a number (4.5)."""

    async def function(event: Event) -> Event:
        await asyncio.sleep(0.02)
        context = {"tenant": "t", "age": 5, "rate": 1.5, "admin": True, "nothing": None, "principalId": "not this"}
        return policy(context=context)

    api.authorizer(function)
    for key in ("$default", "$disconnect"):
        api.route(key)
    await api.start()
    async with api.connect() as client:
        await client.send("hello")
        [message] = await api.events("MESSAGE")
    [closed] = await api.events("DISCONNECT")
    [opened] = await api.events("CONNECT")
    said = {"tenant": "t", "age": "5", "rate": "1.5", "admin": "true", "principalId": "user"}
    latency = opened["requestContext"]["authorizer"].pop("integrationLatency")
    assert type(latency) is int
    assert 20 <= latency < 5000
    for event in (opened, message, closed):
        assert event["requestContext"]["authorizer"] == said


async def test_a_policy_says_nothing_about_messages(api: Api) -> None:
    """A policy that denies another route does not affect a client that may connect (4.4)."""

    async def function(event: Event) -> Event:
        answer = policy()
        other = {"Effect": "Deny", "Action": "*", "Resource": METHOD_ARN.replace("$connect", "$default")}
        answer["policyDocument"]["Statement"].append(other)
        return answer

    api.authorizer(function)
    api.route("$default")
    await api.start()
    async with api.connect() as client:
        await client.send("hello")
        await api.events("MESSAGE")


async def test_invoker_receives_the_source_of_an_invocation(api: Api) -> None:
    """A Lambda permission names the route or the authorizer as its source (1.6)."""
    api.authorizer(allow)
    api.route("$default")
    api.route("$disconnect")
    await api.start()
    async with api.connect() as client:
        await client.send("hello")
        await api.events("MESSAGE")
    await api.events("DISCONNECT")
    prefix = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/"
    paths = ["authorizers/auth01", "dev/$connect", "dev/$default", "dev/$disconnect"]
    assert api.functions.sources == [prefix + path for path in paths]


async def test_route_without_its_authorizer_admits_no_client(api: Api) -> None:
    """A mistake in the template must not allow every client (4.4)."""
    api.route("$connect", authorization_type="CUSTOM")
    await api.start()
    assert (await api.refusal())[0] == 500
    assert len(api.lines) == 1
