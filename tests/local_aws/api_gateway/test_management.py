"""The @connections API, through boto3 and on the wire."""

import asyncio
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from local_aws.api_gateway import connection as connection_module
from tests.support.gateway import Api, Event
from tests.support.signing import signed as sign

UNKNOWN = "L0SM9cOFvHcCIhw="


@pytest.fixture
async def chat(api: Api) -> Api:
    """Add `$connect`, `$default` and `$disconnect` to an API, and start it."""
    for key in ("$connect", "$disconnect", "$default"):
        api.route(key)
    await api.start()
    return api


async def last_id(api: Api) -> str:
    """Return the id of the client that connected last."""
    return str((await api.events("CONNECT"))[-1]["requestContext"]["connectionId"])


async def error(api: Api, operation: str, **arguments: Any) -> dict[str, Any]:
    """Make a call that fails; return the class, code, status and message of the error."""
    with pytest.raises(ClientError) as caught:
        await api.manage(operation, **arguments)
    response: Any = caught.value.response
    return {
        "class": type(caught.value).__name__,
        "code": response["Error"]["Code"],
        "status": response["ResponseMetadata"]["HTTPStatusCode"],
        "message": response["Error"].get("Message", ""),
    }


async def raw(api: Api, method: str, path: str, *, body: bytes = b"", signed: bool = True) -> tuple[int, str, bytes]:
    """Make a request without an SDK; return the status, the head and the body."""
    sent = sign(method, f"http://127.0.0.1:{api.port}{path}", body=body)
    lines = [f"{name}: {value}\r\n" for name, value in sent.headers] if signed else ["Host: localhost\r\n"]
    head = f"{method} {path} HTTP/1.1\r\nConnection: close\r\n{''.join(lines)}Content-Length: {len(body)}\r\n\r\n"
    received_head, _, received_body = (await api.exchange(head.encode() + body)).partition(b"\r\n\r\n")
    return int(received_head.split(b" ")[1]), received_head.decode(), received_body


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"hello", "hello"), ("h\u00e9", "h\u00e9"), (b"", ""), (b"a" * 131_072, "a" * 131_072)],
    ids=["bytes", "text", "empty", "128 KB"],
)
async def test_posted_data_arrives_as_one_text_message(chat: Api, data: Any, text: str) -> None:
    """A body of any content type and length is accepted (5.5)."""
    async with chat.connect() as client:
        answer = await chat.manage("post_to_connection", ConnectionId=await last_id(chat), Data=data)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert await asyncio.wait_for(client.recv(), 5) == text


async def test_long_data_is_sent_in_frames_of_at_most_32_kb(chat: Api) -> None:
    """The quota on frames applies in both directions (5.5)."""
    async with chat.connect() as client:
        await chat.manage("post_to_connection", ConnectionId=await last_id(chat), Data=b"a" * 70_000)
        lengths = [len(part) async for part in client.recv_streaming()]
    assert lengths == [32_768, 32_768, 4464]


async def test_a_connection_can_be_looked_at(chat: Api) -> None:
    """The times are those of the handshake and of the last data message (5.4)."""
    async with chat.connect(user_agent_header="agent/1") as client:
        identity = await last_id(chat)
        before = await chat.manage("get_connection", ConnectionId=identity)
        await asyncio.sleep(0.02)
        await client.send("hello")
        await chat.events("MESSAGE")
        after = await chat.manage("get_connection", ConnectionId=identity)
    [opened] = await chat.events("CONNECT")
    connected_at = datetime.fromtimestamp(opened["requestContext"]["connectedAt"] / 1000, UTC)
    assert before["ConnectedAt"] == after["ConnectedAt"] == connected_at
    assert before["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "agent/1"}
    assert before["LastActiveAt"] < after["LastActiveAt"]


async def test_the_description_of_a_connection_is_that_of_aws_on_the_wire(chat: Api) -> None:
    """Keys are in camel case, times in ISO 8601 with milliseconds; `userAgent` may be missing (5.4)."""
    async with chat.connect(user_agent_header=None):
        status, _, body = await raw(chat, "GET", f"/dev/@connections/{await last_id(chat)}")
    stamp = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    pattern = rb'\{"connectedAt":"%s","identity":\{"sourceIp":"127.0.0.1"\},"lastActiveAt":"%s"\}' % (stamp, stamp)
    assert status == 200
    assert re.fullmatch(pattern, body)


async def test_a_deleted_connection_is_closed_and_disconnected(chat: Api) -> None:
    """Client and function receive 1000, and the connection is gone at once (3.2, 5.3)."""
    async with chat.connect() as client:
        identity = await last_id(chat)
        status, _, body = await raw(chat, "DELETE", f"/dev/@connections/{identity}")
        assert (status, body) == (204, b"")
        assert (await raw(chat, "DELETE", f"/dev/@connections/{identity}"))[0] == 410
        await client.wait_closed()
        assert client.close_code == 1000
    [event] = await chat.events("DISCONNECT")
    assert event["requestContext"]["disconnectStatusCode"] == 1000
    assert event["requestContext"]["disconnectReason"] == "Connection Closed Normally"


@pytest.mark.parametrize("operation", ["post_to_connection", "get_connection", "delete_connection"])
async def test_an_unknown_connection_is_gone(chat: Api, operation: str) -> None:
    """The SDK raises its own exception because of the header, and the body is empty (5.3)."""
    arguments = {"Data": b"x"} if operation == "post_to_connection" else {}
    found = await error(chat, operation, ConnectionId=UNKNOWN, **arguments)
    assert (found["class"], found["code"], found["status"]) == ("GoneException", "GoneException", 410)
    status, head, body = await raw(chat, "POST", f"/dev/@connections/{UNKNOWN}", body=b"x")
    assert (status, body) == (410, b"")
    assert "\r\nx-amzn-ErrorType: GoneException" in head


async def test_a_connection_is_gone_until_its_handshake_ends_and_after_it_closes(api: Api) -> None:
    """Posts during `$connect` and `$disconnect` fail with 410 (3.3, 5.3)."""
    statuses: list[int] = []
    ended = asyncio.Event()

    async def function(event: Event) -> Event:
        identity = event["requestContext"]["connectionId"]
        statuses.append((await raw(api, "POST", f"/dev/@connections/{identity}", body=b"x"))[0])
        if event["requestContext"]["eventType"] == "DISCONNECT":
            ended.set()
        return {"statusCode": 200}

    api.route("$connect", function)
    api.route("$disconnect", function)
    api.route("$default", function)
    await api.start()
    async with api.connect() as client:
        await client.send("hello")
        assert await client.recv() == "x"
    async with asyncio.timeout(5):
        await ended.wait()
    assert statuses == [410, 200, 410]


async def test_a_malformed_id_is_a_bad_request(chat: Api) -> None:
    """The message is AWS's (5.3)."""
    found = await error(chat, "post_to_connection", ConnectionId="cjy8i76bx002884le6n17d49b", Data=b"x")
    assert found == {
        "class": "ClientError",
        "code": "BadRequestException",
        "status": 400,
        "message": "Invalid connectionId: cjy8i76bx002884le6n17d49b",
    }


@pytest.mark.parametrize("path", [f"/prod/@connections/{UNKNOWN}", f"/@connections/{UNKNOWN}"])
async def test_a_wrong_or_missing_stage_is_forbidden(chat: Api, path: str) -> None:
    """The most common mistake in an endpoint (1.2, 5.3)."""
    status, head, body = await raw(chat, "POST", path, body=b"x")
    assert (status, body) == (403, b'{"message":"Forbidden"}')
    assert "\r\nx-amzn-ErrorType: ForbiddenException" in head


async def test_the_sdk_raises_forbidden_for_a_wrong_stage(chat: Api) -> None:
    """The header chooses the exception (5.3)."""
    found = await error(chat, "post_to_connection", stage="prod", ConnectionId=UNKNOWN, Data=b"x")
    assert (found["class"], found["status"]) == ("ForbiddenException", 403)


async def test_an_unsigned_request_is_refused(chat: Api) -> None:
    """No path of the management API works unsigned (5.3)."""
    path = f"/dev/@connections/{UNKNOWN}"
    status, head, body = await raw(chat, "POST", path, signed=False)
    assert (status, body) == (403, b'{"message":"Missing Authentication Token"}')
    assert "\r\nx-amzn-ErrorType: MissingAuthenticationTokenException" in head


@pytest.mark.parametrize(("method", "path"), [("PUT", f"/dev/@connections/{UNKNOWN}"), ("GET", "/dev/@connections")])
async def test_what_the_api_does_not_have_is_refused(chat: Api, method: str, path: str) -> None:
    """Other engines of API Gateway respond like this to an unknown resource (5.3)."""
    assert (await raw(chat, method, path))[::2] == (403, b'{"message":"Missing Authentication Token"}')


async def test_more_than_128_kb_is_too_large(chat: Api) -> None:
    """The SDK does not check the size, so the server has to (5.2, 5.3)."""
    async with chat.connect():
        found = await error(chat, "post_to_connection", ConnectionId=await last_id(chat), Data=b"a" * 131_073)
    assert (found["class"], found["status"]) == ("PayloadTooLargeException", 413)


async def test_data_that_is_not_utf_8_is_refused(chat: Api) -> None:
    """A client would close the connection because of it; the log has a line (5.5)."""
    async with chat.connect() as client:
        status, _, _ = await raw(chat, "POST", f"/dev/@connections/{await last_id(chat)}", body=b"\xff")
        assert status == 400
        await (await client.ping())
    assert len(chat.lines) == 1


@pytest.mark.parametrize("path", ["/dev/%40connections/{}", "/dev/@connections/{}?x=1", "/%64ev/@connections/{}"])
async def test_paths_are_decoded_before_they_are_matched(chat: Api, path: str) -> None:
    """Other SDKs than boto3 encode the `@` as well (5.2)."""
    async with chat.connect() as client:
        identity = (await last_id(chat)).replace("=", "%3D")
        assert (await raw(chat, "POST", path.format(identity), body=b"hello"))[::2] == (200, b"")
        assert await client.recv() == "hello"


async def test_a_url_that_is_too_long_is_refused(chat: Api) -> None:
    """The quota applies to the whole host (1.1)."""
    assert (await raw(chat, "GET", "/dev/@connections/".ljust(4097, "a")))[0] == 414


async def test_a_client_that_does_not_read_is_over_its_limit_instead_of_filling_memory(
    chat: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS responds with 429 if its buffer is full (5.3)."""
    monkeypatch.setattr(connection_module, "MAX_UNSENT", 200_000)
    async with chat.connect(max_queue=1) as client:
        client.transport.pause_reading()
        path = f"/dev/@connections/{await last_id(chat)}"
        statuses = [(await raw(chat, "POST", path, body=b"a" * 131_072))[0] for _ in range(100)]
        assert statuses[0] == 200
        assert statuses[-1] == 429
        _, head, _ = await raw(chat, "POST", path, body=b"a" * 131_072)
        assert "\r\nx-amzn-ErrorType: LimitExceededException" in head
        client.transport.abort()


@pytest.mark.parametrize("header", ["Origin: http://localhost:3000", "Origin: null", "Sec-Fetch-Site: cross-site"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_web_page_may_not_use_it(chat: Api, method: str, header: str) -> None:
    """A page can send a well-formed signature in the query string, and every message has ids."""
    async with chat.connect() as client:
        path = f"/dev/@connections/{quote(await last_id(chat))}?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        request = (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{header}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
        received = await chat.exchange(request.encode())
        assert received.startswith(b"HTTP/1.1 403 ")
        assert b"--allow-aws-origin" in received
        await client.send("still there")


async def test_too_large_a_body_is_refused_by_its_length(chat: Api) -> None:
    """The response comes before the body is sent, in a form that SDKs understand."""
    head = "POST /dev/@connections/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 131073\r\n\r\n"
    received = await chat.exchange(head.encode())
    assert received.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nx-amzn-ErrorType: PayloadTooLargeException\r\n" in received
