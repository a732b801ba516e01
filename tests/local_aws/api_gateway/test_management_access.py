"""Access to the @connections API."""

import asyncio
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.authorization import Credential
from tests.support.gateway import Api
from tests.support.permits import FixedPermissions

KEY = ("AKIAEXAMPLE", "secret", "token")
CREDENTIALS = {KEY[0]: Credential(secret_access_key="secret", session_token="token")}
UNKNOWN = "L0SM9cOFvHcCIhw="


async def start(api: Api, **options: Any) -> None:
    """Start an API with one access key."""
    api.route("$connect")
    await api.start(credentials=CREDENTIALS, **options)


async def refused(api: Api, operation: str = "get_connection", **arguments: Any) -> tuple[str, str]:
    """Make a call that fails; return the code and message of the error."""
    with pytest.raises(ClientError) as caught:
        await api.manage(operation, ConnectionId=UNKNOWN, **arguments)
    response: Any = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == (
        410 if response["Error"]["Code"] == "GoneException" else 403
    )
    return response["Error"]["Code"], response["Error"].get("Message", "")


@pytest.mark.parametrize("strict", [False, True])
async def test_a_right_signature_is_accepted(api: Api, strict: bool) -> None:
    """The SDK signs each operation (5.1, 5.2)."""
    await start(api, strict=strict)
    async with api.connect() as client:
        [event] = await api.events("CONNECT")
        identity = event["requestContext"]["connectionId"]
        await api.manage("post_to_connection", key=KEY, ConnectionId=identity, Data="h\u00e9 \u2615".encode())
        assert await asyncio.wait_for(client.recv(), 5) == "h\u00e9 \u2615"
        assert await api.manage("get_connection", key=KEY, ConnectionId=identity)
        await api.manage("delete_connection", key=KEY, ConnectionId=identity)
        await client.wait_closed()


async def test_a_wrong_secret_is_refused_and_logged(api: Api) -> None:
    """The caller receives AWS's message, and the log has one line (5.3)."""
    await start(api)
    code, message = await refused(api, key=(KEY[0], "another", "token"))
    assert code == "InvalidSignatureException"
    assert message.startswith("The request signature we calculated does not match the signature you provided. ")
    assert f"'GET\n/dev/%40connections/{UNKNOWN[:-1]}%253D\n" in message
    [line] = api.lines
    assert "\n" not in line


async def test_a_token_of_another_session_is_refused(api: Api) -> None:
    """AWS rejects expired ones (5.3)."""
    await start(api)
    expected = ("UnrecognizedClientException", "The security token included in the request is invalid.")
    assert await refused(api, key=(KEY[0], "secret", "another")) == expected
    assert await refused(api, key=(KEY[0], "secret", None)) == expected


@pytest.mark.parametrize(("strict", "code"), [(False, "GoneException"), (True, "UnrecognizedClientException")])
async def test_strangers_are_heard_unless_the_gateway_is_strict(api: Api, strict: bool, code: str) -> None:
    """Any dummy credentials work on a developer's machine, without a policy (5.2)."""
    await start(api, strict=strict, permits=FixedPermissions("it may not"))
    assert (await refused(api, key=("test", "test", None)))[0] == code


async def test_each_method_is_a_permission_of_its_own(api: Api) -> None:
    """The permission covers the connections of this stage and this method (5.1, 5.3)."""
    permits = FixedPermissions("it may not", when=lambda question: "/POST/" not in question["resource"])
    await start(api, permits=permits)
    assert (await refused(api, "post_to_connection", key=KEY, Data=b"x"))[0] == "GoneException"
    for operation in ("get_connection", "delete_connection"):
        assert await refused(api, operation, key=KEY) == ("ForbiddenException", "Forbidden")
    prefix = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/dev"
    assert [each["resource"] for each in permits.asked] == [
        f"{prefix}/{method}/@connections/*" for method in ("POST", "GET", "DELETE")
    ]
    assert {(each["action"], each["access_key_id"]) for each in permits.asked} == {
        ("execute-api:ManageConnections", KEY[0])
    }
    assert api.lines == ["it may not"]


async def test_credentials_may_be_added_while_the_gateway_runs(api: Api) -> None:
    """Functions receive their credentials when they start (5.2)."""
    known: dict[str, Credential] = {}
    await api.start(credentials=known, strict=True)
    assert (await refused(api, key=KEY))[0] == "UnrecognizedClientException"
    known.update(CREDENTIALS)
    assert (await refused(api, key=KEY))[0] == "GoneException"
