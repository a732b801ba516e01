"""A room that is too large for one invocation, and functions that die: sender, queue and worker as they are deployed.

The functions run in their processes, the table and the queue in moto's; the endpoint that they post to counts.
"""

import asyncio
import dataclasses
import json
import os
import signal
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.sqs import write_wake_up
from aws_client import Credentials, sqs_client
from chat_core import LOBBY
from entrypoints.local.options import DEFAULT_TEMPLATE
from local_aws.cloudformation import deploy
from local_aws.config import Deployment
from local_aws.embedded_aws import EmbeddedAws
from local_aws.embedded_aws.clients import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from local_aws.invoker import FunctionError
from local_aws.lambda_ import Functions
from local_aws.sqs.event_source_mapping import QueuePoller
from tests.support import dynamodb, events, feeds, sqs
from tests.support.rogue_endpoint import OK, Post, RogueEndpoint, rogue_endpoint, say

MEMBERS = 20_000
SOME_MEMBERS = 12_000
CHUNK_AND_PAGE = 5_000 + 1_000
HELLO = json.dumps({"action": "sendmessage", "data": "live long"})
SENDER = "sender"

pytestmark = [
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the worker's process in /proc"),
    # A function has seconds for thousands of posts, and whoever is late repeats a chunk.
    pytest.mark.alone,
    pytest.mark.timeout(300),
]


@dataclass
class Stack:
    """The parts of a chat with a large room."""

    cloud: EmbeddedAws
    deployment: Deployment
    functions: Functions
    endpoint: RogueEndpoint
    log: list[str] = field(default_factory=list)

    def function(self, name: str) -> str:
        """Return the ARN of the function whose logical id ends with `name`."""
        return next(each.arn for each in self.deployment.functions if each.logical_id.endswith(name))

    async def send(self) -> None:
        """Invoke the function of `sendmessage` with a message of a connection that is in no room."""
        table = self.deployment.tables[0].name
        item = dynamodb.connection_item(SENDER)
        await asyncio.to_thread(dynamodb.client(self.cloud.endpoint).put_item, TableName=table, Item=item)
        event = json.dumps(events.message(HELLO, connection_id=SENDER))
        await self.functions.invoke(function_arn=self.function("SendMessageFunction"), event=event.encode())

    async def leave_behind(self, data: str) -> None:
        """Append a message as a function does that dies at once, and whose lease has ended."""
        table = self.deployment.tables[0].name
        await asyncio.to_thread(feeds.leave_behind, self.cloud.endpoint, table, data)

    async def put_into_queue(self, body: str) -> None:
        """Put a message into the worker's queue."""
        (queue,) = self.deployment.queues
        client = sqs.client(self.cloud.endpoint)
        await asyncio.to_thread(client.send_message, QueueUrl=queue.queue_url, MessageBody=body)

    async def until(self, posts: int, *, seconds: float) -> None:
        """Wait until the endpoint has received posts for this many connections."""
        deadline = time.monotonic() + seconds
        while len(self.endpoint.posts) < posts:
            assert time.monotonic() < deadline, f"{len(self.endpoint.posts)} of {posts}: {self.log[-20:]}"
            await asyncio.sleep(0.02)

    def processes_of(self, name: str) -> list[int]:
        """Return the ids of the processes that run the function."""
        wanted = f"AWS_LAMBDA_FUNCTION_NAME={self.function(name).rpartition(':')[2]}".encode()
        return [pid for pid in _children(os.getpid()) if wanted in _environment(pid).split(b"\0")]


def _children(parent: int) -> list[int]:
    pids = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]
    return [pid for pid in pids if _parent(pid) == parent]


def _parent(pid: int) -> int:
    try:
        return int((Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _environment(pid: int) -> bytes:
    try:
        return (Path("/proc") / str(pid) / "environ").read_bytes()
    except OSError:
        return b""


@asynccontextmanager
async def running(*, sender_seconds: int) -> AsyncIterator[Stack]:
    """Deploy the chat; the sender's function has less time than on AWS, so that fewer members exceed it."""
    log: list[str] = []
    async with AsyncExitStack() as exits:
        cloud = EmbeddedAws(log=log.append)
        exits.push_async_callback(cloud.stop)
        await cloud.start()
        deployment = await deploy(
            template=DEFAULT_TEMPLATE, parameters={}, endpoint=cloud.endpoint, region="us-east-1", stack_name="chat"
        )
        endpoint = await exits.enter_async_context(rogue_endpoint())
        environment = {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_ENDPOINT_URL": cloud.endpoint,
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": endpoint.url,
        }
        configs = [
            dataclasses.replace(each, timeout_seconds=sender_seconds)
            if each.logical_id.endswith("SendMessageFunction")
            else each
            for each in deployment.functions
        ]
        extra = {each.arn: environment for each in configs}
        functions = Functions(configs=configs, extra_variables=extra, log=log.append)
        exits.push_async_callback(functions.stop)
        client = sqs_client(
            region="us-east-1",
            credentials=lambda: Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY),
            url=cloud.endpoint,
        )
        exits.callback(client.close)
        (queue,) = deployment.queues
        poller = asyncio.create_task(QueuePoller(queue, client=client, invoker=functions, log=log.append).run())
        exits.push_async_callback(asyncio.wait, [poller])
        exits.callback(poller.cancel)
        yield Stack(cloud, deployment, functions, endpoint, log)


async def fill(stack: Stack, count: int) -> list[str]:
    """Put this many members into the lobby; return their ids."""
    ids = [f"{uuid.uuid4().hex[:15]}=" for _ in range(count)]
    table = stack.deployment.tables[0].name
    await asyncio.to_thread(dynamodb.fill_room, stack.cloud.endpoint, table, ids)
    return ids


async def test_worker_killed_in_the_middle_loses_nobody_and_repeats_at_most_its_chunk() -> None:
    """The worker is killed after half of twenty thousand posts. Another takes the turn over when its lease is over."""
    async with running(sender_seconds=28) as stack:
        ids = await fill(stack, MEMBERS)
        await stack.leave_behind("live long")
        await stack.put_into_queue(write_wake_up(LOBBY))

        await stack.until(MEMBERS // 2, seconds=90)
        kill(stack, "FanOutFunction")

        await stack.until(MEMBERS, seconds=90)
        await _until_done(stack)
        assert_nobody_is_lost(stack, ids)
        assert [line for line in stack.log if "FanOutFunction" in line and "signal: killed" in line], stack.log[-20:]


async def test_sender_killed_in_the_middle_is_followed_by_a_worker() -> None:
    """After a second of delivering a wake-up is on its way: what was acknowledged is delivered, whoever dies."""
    async with running(sender_seconds=28) as stack:
        ids = await fill(stack, SOME_MEMBERS)
        stack.endpoint.reply = after_a_while
        sending = asyncio.create_task(stack.send())

        await stack.until(SOME_MEMBERS // 2, seconds=90)
        kill(stack, "SendMessageFunction")
        with pytest.raises(FunctionError):
            await sending
        stack.endpoint.reply = say(OK)

        await stack.until(SOME_MEMBERS, seconds=90)
        await _until_done(stack)
        assert_nobody_is_lost(stack, ids)


async def test_whom_the_senders_function_has_no_time_for_the_worker_delivers_to() -> None:
    """It goes on where the function stopped, or begins the chunk again that the function could not finish."""
    async with running(sender_seconds=6) as stack:
        ids = await fill(stack, SOME_MEMBERS)
        stack.endpoint.reply = after_a_while
        await stack.send()
        assert len(stack.endpoint.posts) < SOME_MEMBERS, "there was nothing left for a worker"

        await stack.until(SOME_MEMBERS, seconds=90)
        await _until_done(stack)
        assert_nobody_is_lost(stack, ids)


def kill(stack: Stack, function: str) -> None:
    """Kill the function's process, of which there is one."""
    (process,) = stack.processes_of(function)
    os.kill(process, signal.SIGKILL)


def assert_nobody_is_lost(stack: Stack, ids: list[str]) -> None:
    heard = Counter(stack.endpoint.posts[each] for each in ids)
    assert set(heard) <= {1, 2}
    assert heard[2] <= CHUNK_AND_PAGE


async def after_a_while(_post: Post, writer: asyncio.StreamWriter) -> None:
    """Answer so slowly that the sender's function cannot finish on its connections."""
    await asyncio.sleep(0.15)
    writer.write(OK)


async def _until_done(stack: Stack) -> None:
    """Wait until the queue is empty: Lambda deletes a message once the worker has succeeded."""
    (queue,) = stack.deployment.queues
    client = sqs.client(stack.cloud.endpoint)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    async with asyncio.timeout(90):
        while True:
            answer = await asyncio.to_thread(
                client.get_queue_attributes, QueueUrl=queue.queue_url, AttributeNames=names
            )
            if not any(int(count) for count in answer["Attributes"].values()):
                return
            await asyncio.sleep(0.1)


async def test_message_that_no_worker_understands_does_not_stop_the_others() -> None:
    """It goes to the dead-letter queue, and the worker handles the next message."""
    async with running(sender_seconds=28) as stack:
        await stack.put_into_queue("no wake-up")
        await fill(stack, 2)
        await stack.leave_behind("hi")
        await stack.put_into_queue(write_wake_up(LOBBY))
        await stack.until(2, seconds=60)
        assert [line for line in stack.log if "not a wake-up" in line]
