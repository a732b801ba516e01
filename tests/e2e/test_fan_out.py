"""A broadcast that is too large for one invocation: sender's function, queue and worker as they are deployed.

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

from aws_client import Credentials, sqs_client
from entrypoints.local.options import DEFAULT_TEMPLATE
from local_aws.cloudformation import deploy
from local_aws.config import Deployment
from local_aws.embedded_aws import EmbeddedAws
from local_aws.embedded_aws.clients import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from local_aws.lambda_ import Functions
from local_aws.sqs.event_source_mapping import QueuePoller
from tests.support import dynamodb, events, sqs
from tests.support.rogue_endpoint import OK, Post, RogueEndpoint, rogue_endpoint

MEMBERS = 20_000
SOME_MEMBERS = 12_000
CHUNK_AND_PAGE = 5_000 + 1_000
PATIENCE_SECONDS = 10

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the worker's process in /proc")


@dataclass
class Stack:
    """The parts of a large broadcast."""

    cloud: EmbeddedAws
    deployment: Deployment
    functions: Functions
    endpoint: RogueEndpoint
    log: list[str] = field(default_factory=list)

    def function(self, name: str) -> str:
        """Return the ARN of the function whose logical id ends with `name`."""
        return next(each.arn for each in self.deployment.functions if each.logical_id.endswith(name))

    async def hand_on(self, fan_out: object) -> None:
        """Put a message into the worker's queue."""
        (queue,) = self.deployment.queues
        client = sqs.client(self.cloud.endpoint)
        await asyncio.to_thread(client.send_message, QueueUrl=queue.queue_url, MessageBody=json.dumps(fan_out))

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
            "FAN_OUT_PATIENCE_SECONDS": str(PATIENCE_SECONDS),
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
    """The worker is killed after half of twenty thousand posts; another one continues from the checkpoint."""
    async with running(sender_seconds=28) as stack:
        ids = await fill(stack, MEMBERS)
        await stack.hand_on({"id": "f1", "room": "lobby", "sender": "s", "data": "live long"})

        await stack.until(MEMBERS // 2, seconds=60)
        (worker,) = stack.processes_of("FanOutFunction")
        os.kill(worker, signal.SIGKILL)
        await stack.until(MEMBERS, seconds=90)

        await _until_done(stack)
        heard = Counter(stack.endpoint.posts[each] for each in ids)
        assert set(heard) <= {1, 2}
        assert heard[2] <= CHUNK_AND_PAGE
        assert [line for line in stack.log if "FanOutFunction" in line and "signal: killed" in line], stack.log[-20:]


@pytest.mark.alone  # The sender's function has only six seconds.
async def test_whom_the_senders_function_has_no_time_for_the_worker_delivers_to() -> None:
    """Every member receives the message exactly once."""
    async with running(sender_seconds=6) as stack:
        ids = await fill(stack, SOME_MEMBERS)
        stack.endpoint.reply = after_a_while
        event = events.message(json.dumps({"action": "sendmessage", "data": "live long"}), connection_id="sender")
        await stack.functions.invoke(
            function_arn=stack.function("SendMessageFunction"), event=json.dumps(event).encode()
        )
        assert len(stack.endpoint.posts) < SOME_MEMBERS, "there was nothing left to hand on"

        await stack.until(SOME_MEMBERS, seconds=60)
        await _until_done(stack)
        heard = Counter(stack.endpoint.posts[each] for each in ids)
        assert heard == {1: SOME_MEMBERS}


async def after_a_while(_post: Post, writer: asyncio.StreamWriter) -> None:
    """Answer so slowly that the sender's function cannot finish on its connections."""
    await asyncio.sleep(0.15)
    writer.write(OK)


async def _until_done(stack: Stack) -> None:
    """Wait until the queue is empty: Lambda deletes a message once the worker has succeeded."""
    (queue,) = stack.deployment.queues
    client = sqs.client(stack.cloud.endpoint)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    async with asyncio.timeout(60):
        while True:
            answer = await asyncio.to_thread(
                client.get_queue_attributes, QueueUrl=queue.queue_url, AttributeNames=names
            )
            if not any(int(count) for count in answer["Attributes"].values()):
                return
            await asyncio.sleep(0.1)


async def test_message_that_no_worker_understands_does_not_stop_the_others() -> None:
    """It goes to the dead-letter queue, and the worker processes the next message."""
    async with running(sender_seconds=28) as stack:
        await stack.hand_on("no fan-out")
        await asyncio.to_thread(dynamodb.fill_room, stack.cloud.endpoint, stack.deployment.tables[0].name, ["a", "b"])
        await stack.hand_on({"id": "f1", "room": "lobby", "sender": "s", "data": "hi", "after": "a"})
        await stack.until(1, seconds=30)
        assert set(stack.endpoint.posts) == {"b"}
        assert [line for line in stack.log if "not a delivery job" in line]
