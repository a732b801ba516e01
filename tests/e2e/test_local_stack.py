"""The whole stack: `chat local` as a process, WebSocket clients, boto3."""

import asyncio
import json
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from websockets.asyncio.client import ClientConnection, connect

from tests.support.centrifuge import SUBPROTOCOL, centrifuge_client
from tests.support.local_stack import LocalStack, alive, local_stack

LIVE_LONG = '{"action":"sendmessage","data":"live long"}'


def send_message(data: str) -> str:
    return json.dumps({"action": "sendmessage", "data": data})


async def receive(client: ClientConnection) -> str:
    text = await asyncio.wait_for(client.recv(), timeout=30)
    assert isinstance(text, str)
    return text


async def receive_many(client: ClientConnection, count: int) -> list[str]:
    return [await receive(client) for _ in range(count)]


@asynccontextmanager
async def clients(url: str, count: int) -> AsyncIterator[list[ClientConnection]]:
    """Connect this many clients at once."""
    async with AsyncExitStack() as exits:
        connecting = (exits.enter_async_context(connect(url, open_timeout=60, max_queue=None)) for _ in range(count))
        yield await asyncio.gather(*connecting)


def management(stack: LocalStack) -> Any:
    return boto3.client("apigatewaymanagementapi", endpoint_url=stack.management_endpoint, region_name="us-east-1")


def dynamodb(stack: LocalStack) -> tuple[Any, str]:
    """Return a client of the stack's DynamoDB and the name of the chat's table."""
    endpoint = stack.wait_for_log(r"AWS endpoint http://\S+").split()[-1]
    client = boto3.client("dynamodb", endpoint_url=endpoint, region_name="us-east-1")
    return client, client.list_tables()["TableNames"][0]


async def until_nobody_is_connected(stack: LocalStack) -> None:
    client, table = dynamodb(stack)
    deadline = time.monotonic() + 20
    # Who is connected and who is in a room; feeds and histories stay.
    request = {
        "FilterExpression": "attribute_not_exists(closed) AND attribute_not_exists(left_at)"
        " AND (begins_with(pk, :connection) OR begins_with(pk, :room))",
        "ExpressionAttributeValues": {":connection": {"S": "connection#"}, ":room": {"S": "room#"}},
    }
    while client.scan(TableName=table, Select="COUNT", **request)["Count"]:
        assert time.monotonic() < deadline, "connections were left in the table"
        await asyncio.sleep(0.1)


async def test_message_reaches_everyone_connected(stack: LocalStack) -> None:
    """The exchange is that of AWS's sample, with two clients."""
    async with clients(stack.ws_url, 2) as (one, two):
        await one.send(LIVE_LONG)
        assert [await receive(one), await receive(two)] == ["live long", "live long"]
    await until_nobody_is_connected(stack)


async def test_two_hundred_clients_each_get_every_one_of_twenty_messages_once(stack: LocalStack) -> None:
    """No message is lost or repeated, however many functions run at a time."""
    async with clients(stack.ws_url, 200) as everyone:
        wanted = {f"message {i}" for i in range(20)}
        for client, text in zip(everyone, sorted(wanted), strict=False):
            await client.send(send_message(text))
        received = await asyncio.gather(*(receive_many(each, len(wanted)) for each in everyone))
        assert [Counter(texts) for texts in received] == [Counter(wanted)] * 200
        await everyone[0].send(send_message("last"))
        assert await asyncio.gather(*(receive(each) for each in everyone)) == ["last"] * 200
    await until_nobody_is_connected(stack)


async def test_client_that_was_killed_disturbs_nobody(stack: LocalStack) -> None:
    """A killed client does not close its WebSocket."""
    script = f"""
import time, websockets.sync.client
client = websockets.sync.client.connect({stack.ws_url!r})
print("connected", flush=True)
time.sleep(60)
"""
    async with clients(stack.ws_url, 1) as (survivor,):
        victim = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=subprocess.PIPE)
        assert victim.stdout is not None
        assert await victim.stdout.readline() == b"connected\n"
        victim.kill()
        await victim.wait()
        await survivor.send(LIVE_LONG)
        assert await receive(survivor) == "live long"
    await until_nobody_is_connected(stack)


async def test_connection_that_the_gateway_does_not_know_is_forgotten_at_the_next_message(stack: LocalStack) -> None:
    """The table keeps a connection if its `$disconnect` never came."""
    client, table = dynamodb(stack)
    ghost = "AAAAAAAAAAAAAAA="
    common = {"format": {"S": "plain"}, "expires_at": {"N": "9999999999"}}
    member = {"pk": {"S": "room#lobby"}, "sk": {"S": ghost}}
    rooms = {"pk": {"S": f"connection#{ghost}"}, "sk": {"S": "connection"}, "rooms": {"SS": ["lobby"]}}
    for item in (member, rooms):
        client.put_item(TableName=table, Item=item | common)
    async with clients(stack.ws_url, 1) as (survivor,):
        await survivor.send(LIVE_LONG)
        assert await receive(survivor) == "live long"
    await until_nobody_is_connected(stack)


async def test_clients_that_leave_at_once_are_forgotten(stack: LocalStack) -> None:
    """`$connect` and `$disconnect` of one client must not overtake each other."""
    for _ in range(10):
        async with connect(stack.ws_url):
            pass
    await until_nobody_is_connected(stack)


async def test_five_megabytes_of_rubbish_are_answered_and_bother_nobody(stack: LocalStack) -> None:
    """Every frame is answered with an error, and the connection stays open."""
    # A message in several WebSocket frames, since API Gateway takes at most 32 KB in one.
    fragments = ["rubbish {" * 3_000] * 4
    messages = 5 * 1024 * 1024 // len("".join(fragments)) + 1
    async with clients(stack.ws_url, 2) as (vandal, other):
        for _ in range(messages):
            await vandal.send(fragments)
        errors = [json.loads(await receive(vandal)) for _ in range(messages)]
        assert {error["code"] for error in errors} == {"malformed_frame"}
        await vandal.send(LIVE_LONG)
        assert await receive(other) == "live long"


async def test_clients_of_both_protocols_meet_in_the_lobby(stack: LocalStack) -> None:
    """What one of them says is a message to the other, in its own form."""
    async with centrifuge_client(stack.ws_url) as rich, connect(stack.ws_url) as plain:
        assert rich.socket.subprotocol == SUBPROTOCOL
        assert "error" not in await rich.call("subscribe", channel="lobby")
        assert await rich.call("publish", channel="lobby", data={"a": 1}) == {"id": 3, "publish": {}}
        pub = (await rich.push())["pub"]
        assert (pub["data"], pub["info"]["client"]) == ({"a": 1}, rich.id)
        assert await receive(plain) == '{"a":1}'
        await plain.send(LIVE_LONG)
        assert await receive(plain) == "live long"
        pub = (await rich.push())["pub"]
        assert (pub["data"], "info" in pub) == ("live long", False)


async def test_unknown_action_is_an_error_and_the_connection_stays_open(stack: LocalStack) -> None:
    """The function behind `$default` answers it."""
    async with connect(stack.ws_url) as client:
        await client.send('{"action":"dance","ref":1}')
        assert json.loads(await receive(client))["code"] == "unknown_action"
        await client.send(LIVE_LONG)
        assert await receive(client) == "live long"


async def test_unmodified_boto3_posts_gets_and_deletes(stack: LocalStack) -> None:
    """For a closed connection the SDK raises `GoneException`."""
    api = management(stack)
    async with centrifuge_client(stack.ws_url) as centrifuge:
        client, own = centrifuge.socket, centrifuge.id
        await asyncio.to_thread(api.post_to_connection, ConnectionId=own, Data=b"from outside")
        assert await receive(client) == "from outside"
        seen = await asyncio.to_thread(api.get_connection, ConnectionId=own)
        assert seen["Identity"]["SourceIp"] == "127.0.0.1"
        await asyncio.to_thread(api.delete_connection, ConnectionId=own)
        await asyncio.wait_for(client.wait_closed(), timeout=10)
        assert client.close_code == 1000
    with pytest.raises(api.exceptions.GoneException):
        await asyncio.to_thread(api.post_to_connection, ConnectionId=own, Data=b"x")
    with pytest.raises(ClientError, match="BadRequestException"):
        await asyncio.to_thread(api.post_to_connection, ConnectionId="not-an-id", Data=b"x")


async def test_room_larger_than_a_page_of_dynamodb_is_served_whole(stack: LocalStack) -> None:
    """AWS's samples read the first page only. The broadcast also removes the stale connections that it meets."""
    from tests.support.dynamodb import fill

    client, table = dynamodb(stack)
    async with clients(stack.ws_url, 20) as everyone:
        dead = [uuid.uuid4().hex[:15] + "=" for _ in range(250)]
        await asyncio.to_thread(fill, client.meta.endpoint_url, table, dead, padding=10_000)
        await everyone[0].send(LIVE_LONG)
        assert await asyncio.gather(*(receive(each) for each in everyone)) == ["live long"] * 20
        stack.wait_for_log(r"'delivered': 20, 'gone': 250")
    await until_nobody_is_connected(stack)


async def test_log_reads_like_lambdas(stack: LocalStack) -> None:
    """It has the START, END and REPORT lines of each invocation."""
    async with connect(stack.ws_url) as client:
        await client.send(LIVE_LONG)
        await receive(client)
    stack.wait_for_log(r"START RequestId: [0-9a-f-]{36} Version: \$LATEST")
    stack.wait_for_log(r"END RequestId: ")
    stack.wait_for_log(r"REPORT RequestId: .*Duration: [\d.]+ ms.*Memory Size: \d+ MB.*Init Duration: [\d.]+ ms")


def test_another_python_than_the_templates_is_told_once(stack: LocalStack) -> None:
    """Code may work on one Python version and fail on another."""
    told = [line for line in stack.log if line.startswith("Functions for python3.13 run on Python")]
    assert len(told) == (sys.version_info[:2] != (3, 13))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_stopping_during_a_broadcast_leaves_nothing_behind(number: int) -> None:
    """Ctrl-C means now."""
    with local_stack() as stack:
        async with clients(stack.ws_url, 50) as everyone:
            for client in everyone:
                await client.send(LIVE_LONG)
            await receive(everyone[0])
            started = stack.descendants()
            assert started
            seconds = await asyncio.to_thread(stack.stop, number)
        assert alive(started) == set()
        assert stack.process.returncode == 0
        assert seconds < 10
        assert [line for line in stack.log if "Traceback" in line] == [], stack.log


async def test_killing_the_stack_takes_its_processes_along() -> None:
    """Even where nobody could stop them."""
    with local_stack() as stack:
        async with connect(stack.ws_url) as client:
            await client.send(LIVE_LONG)
            await receive(client)
        started = stack.descendants()
        stack.stop(signal.SIGKILL)
        deadline = time.monotonic() + 20
        while left := alive(started):
            assert time.monotonic() < deadline, left
            await asyncio.sleep(0.1)
