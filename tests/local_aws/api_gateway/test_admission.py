"""API keys and signatures, which are checked when a client connects."""

import pytest

from local_aws.api_gateway.throttling import AccountThrottle
from local_aws.authorization import Credential
from tests.support.gateway import Api, Event, succeed
from tests.support.permits import FixedPermissions
from tests.support.signing import KEY, signed

HEADER = "$request.header.x-api-key"
AUTHORIZER = "$context.authorizer.usageIdentifierKey"
ROLE = Credential(
    secret_access_key=KEY[1],
    account="123456789012",
    principal_id="AROAEXAMPLE:session",
    principal_arn="arn:aws:sts::123456789012:assumed-role/role/session",
)


@pytest.mark.parametrize("name", ["x-api-key", "X-API-Key"])
async def test_a_known_api_key_opens_a_route_that_requires_one(api: Api, name: str) -> None:
    """Clients send the key in a header (1.10)."""
    api.route("$connect", api_key_required=True)
    await api.start(fields={"api_keys": frozenset({"a", "b"})})
    async with api.connect(additional_headers={name: "b"}):
        pass


@pytest.mark.parametrize("headers", [{}, {"x-api-key": ""}, {"x-api-key": "c"}])
async def test_a_missing_or_unknown_api_key_is_forbidden(api: Api, headers: dict[str, str]) -> None:
    """No function runs for a client without a valid key (1.10)."""
    api.route("$connect", api_key_required=True)
    await api.start(fields={"api_keys": frozenset({"a", "b"})})
    status, body = await api.refusal(additional_headers=headers)
    assert (status, body["message"]) == (403, "Forbidden")
    assert api.functions.events == []


async def test_no_api_key_is_needed_where_none_is_required(api: Api) -> None:
    """Keys affect only routes that require one (1.10)."""
    api.route("$connect")
    await api.start(fields={"api_keys": frozenset({"a"})})
    async with api.connect():
        pass


@pytest.mark.parametrize(("key", "status"), [("a", 101), ("b", 403), (None, 403)])
async def test_an_authorizer_may_name_the_api_key(api: Api, key: str | None, status: int) -> None:
    """The key is then checked after the authorizer and before `$connect` (1.4, 1.10)."""

    async def function(event: Event) -> Event:
        statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
        usage = {} if key is None else {"usageIdentifierKey": key}
        return {"principalId": "p", "policyDocument": {"Statement": [statement]}, **usage}

    api.authorizer(function)
    guard = api.routes["$connect"].authorizer
    api.route("$connect", authorization_type="CUSTOM", authorizer=guard, api_key_required=True)
    await api.start(fields={"api_keys": frozenset({"a"}), "api_key_selection_expression": AUTHORIZER})
    if status == 101:
        async with api.connect():
            pass
    else:
        assert (await api.refusal(additional_headers={"x-api-key": "a"}))[0] == status
        assert len(api.functions.events) == 1


async def test_only_two_api_key_expressions_are_understood(api: Api) -> None:
    """API Gateway has no other expressions (1.10)."""
    with pytest.raises(ValueError, match="not an API key selection expression"):
        await api.start(fields={"api_key_selection_expression": "$request.header.key"})


async def test_the_throttle_comes_before_the_api_key_and_the_key_before_the_authorizer(api: Api) -> None:
    """The cheapest check comes first (1.4)."""
    api.authorizer(succeed)
    guard = api.routes["$connect"].authorizer
    api.route("$connect", authorization_type="CUSTOM", authorizer=guard, api_key_required=True)
    await api.start(account=AccountThrottle(new_connections=1))
    assert [(await api.refusal())[0] for _ in range(2)] == [403, 429]
    assert api.functions.events == []


@pytest.fixture
async def guarded(api: Api) -> Api:
    """Give an API a `$connect` under IAM, and start it with one access key."""
    api.route("$connect", authorization_type="AWS_IAM")
    api.route("$default")
    await api.start(credentials={KEY[0]: ROLE}, strict=True)
    return api


async def test_a_signed_handshake_is_let_in_and_its_signer_named(guarded: Api) -> None:
    """All events of the connection have it, with the client's address (1.11, 1.12)."""
    request = signed("GET", f"http://127.0.0.1:{guarded.port}/dev?a=b")
    headers = {name: value for name, value in request.headers if name != "Host"}
    async with guarded.connect("/dev?a=b", additional_headers=headers, user_agent_header=None) as client:
        await client.send("hello")
        [message] = await guarded.events("MESSAGE")
    [opened] = await guarded.events("CONNECT")
    assert (
        opened["requestContext"]["identity"]
        == message["requestContext"]["identity"]
        == {
            "accountId": "123456789012",
            "caller": "AROAEXAMPLE:session",
            "user": "AROAEXAMPLE:session",
            "userArn": "arn:aws:sts::123456789012:assumed-role/role/session",
            "accessKey": KEY[0],
            "sourceIp": "127.0.0.1",
        }
    )


async def test_a_presigned_url_is_let_in(guarded: Api) -> None:
    """Browsers cannot send headers with a handshake (1.11)."""
    request = signed("GET", f"http://127.0.0.1:{guarded.port}/dev?a=b", expires=60)
    async with guarded.connect(request.target):
        pass


async def test_a_handshake_without_a_right_signature_is_forbidden(guarded: Api) -> None:
    """Unsigned, changed after signing, or signed with an unknown key (1.11)."""
    url = f"http://127.0.0.1:{guarded.port}/dev"
    changed = f"{signed('GET', url, expires=60).target}&x=y"
    stranger = signed("GET", url, key=("AKIAOTHER", "x", None), expires=60).target
    refusals = [await guarded.refusal(path) for path in ("/dev", changed, stranger)]
    assert [status for status, _ in refusals] == [403, 403, 403]
    messages = [body["message"] for _, body in refusals]
    assert messages[0] == "Missing Authentication Token"
    assert messages[1].startswith("The request signature we calculated does not match")
    assert messages[2] == "The security token included in the request is invalid."
    assert guarded.functions.events == []


async def test_a_stranger_is_let_in_where_the_gateway_is_not_strict(api: Api) -> None:
    """Any credentials work on a developer's machine, if there is a signature (1.11)."""
    api.route("$connect", authorization_type="AWS_IAM")
    await api.start(credentials={KEY[0]: ROLE})
    request = signed("GET", f"http://127.0.0.1:{api.port}/dev", key=("AKIAOTHER", "x", None), expires=60)
    async with api.connect(request.target):
        pass
    [event] = await api.events("CONNECT")
    assert event["requestContext"]["identity"]["accessKey"] == "AKIAOTHER"
    assert (await api.refusal())[0] == 403


async def test_a_signer_needs_the_permission_to_connect(api: Api) -> None:
    """The permission is to invoke the route `$connect` (1.11)."""
    permits = FixedPermissions("it may not")
    api.route("$connect", authorization_type="AWS_IAM")
    await api.start(credentials={KEY[0]: ROLE}, permits=permits)
    status, body = await api.refusal(signed("GET", f"http://127.0.0.1:{api.port}/dev", expires=60).target)
    assert (status, body["message"]) == (403, "Forbidden")
    resource = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev/$connect"
    assert permits.asked == [{"access_key_id": KEY[0], "action": "execute-api:Invoke", "resource": resource}]
    assert api.lines == ["it may not"]
