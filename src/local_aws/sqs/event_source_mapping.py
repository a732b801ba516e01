"""Invokes functions with the messages of SQS queues, as Lambda's event source mappings do.

Source: Lambda developer guide, "Using Lambda with Amazon SQS". Messages come in batches. The messages of a successful
batch are deleted. The others become visible again after the visibility timeout; after some attempts, the queue itself
moves them to its dead-letter queue.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from aws_client import JsonClient, ServiceError, ServiceUnreachable
from local_aws.config import QueueConfig
from local_aws.invoker import InvocationError, Invoker

WAIT_SECONDS = 3
"""How long one request waits for messages. It is shorter than the client's time-out."""
PAUSE_SECONDS = 5.0
"""The pause after a failed request."""

Message = dict[str, Any]


class QueuePoller:
    """Reads one queue for one function, until it is cancelled."""

    def __init__(
        self, config: QueueConfig, *, client: JsonClient, invoker: Invoker, log: Callable[[str], None]
    ) -> None:
        self._config = config
        self._client = client
        self._invoker = invoker
        self._log = log
        self._free = asyncio.Semaphore(config.concurrency)
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Invoke the function with the queue's messages until cancelled."""
        # Lambda reads the attributes of the queue first, and the role must allow it.
        await self._ask("GetQueueAttributes", AttributeNames=["VisibilityTimeout"])
        try:
            while True:
                await self._free.acquire()
                task = asyncio.create_task(self._give(await self._receive()))
                self._running.add(task)
                task.add_done_callback(self._given)
        finally:
            for task in self._running:
                task.cancel()

    def _given(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._free.release()

    async def _receive(self) -> Sequence[Message]:
        """Return at least one message."""
        while True:
            answer = await self._ask(
                "ReceiveMessage",
                MaxNumberOfMessages=self._config.batch_size,
                WaitTimeSeconds=WAIT_SECONDS,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            messages: Sequence[Message] = answer.get("Messages") or ()
            if messages:
                return messages

    async def _ask(self, operation: str, **request: Any) -> dict[str, Any]:
        """Return the response of the queue; retry until it comes."""
        while True:
            try:
                return await self._client.call(operation, {"QueueUrl": self._config.queue_url, **request})
            except (ServiceError, ServiceUnreachable) as exc:
                self._log(f"Could not read the queue {self._config.queue_url}: {exc}")
                await asyncio.sleep(PAUSE_SECONDS)

    async def _give(self, messages: Sequence[Message]) -> None:
        event = json.dumps({"Records": [_record(each, self._config) for each in messages]}).encode()
        try:
            answer = await self._invoker.invoke(function_arn=self._config.function_arn, event=event)
        except InvocationError:
            # The log of the function has the reason.
            return
        failed = self._failed(answer, messages)
        await self._delete([each for each in messages if each["MessageId"] not in failed])

    def _failed(self, answer: bytes, messages: Sequence[Message]) -> set[str]:
        """Return the messages that the function reports as failed; all of them if its response is malformed."""
        if not self._config.reports_failures:
            return set()
        everything = {each["MessageId"] for each in messages}
        try:
            content = json.loads(answer) or {}
            failed = {str(each["itemIdentifier"]) for each in content.get("batchItemFailures") or ()}
        except (ValueError, KeyError, TypeError, AttributeError):
            return everything
        return everything if failed - everything else failed

    async def _delete(self, messages: Sequence[Message]) -> None:
        for each in messages:
            request = {"QueueUrl": self._config.queue_url, "ReceiptHandle": each["ReceiptHandle"]}
            try:
                await self._client.call("DeleteMessage", request)
            except (ServiceError, ServiceUnreachable) as exc:
                self._log(f"Could not delete a message of {self._config.queue_url}, which will come again: {exc}")


def _record(message: Message, config: QueueConfig) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes") or {},
        "messageAttributes": {
            name: _attribute(value) for name, value in (message.get("MessageAttributes") or {}).items()
        },
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": config.queue_arn,
        "awsRegion": config.queue_arn.split(":")[3],
    }


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    """Return an attribute with member names in lower camel case, as events have them."""
    return {f"{name[0].lower()}{name[1:]}": each for name, each in value.items()} | {
        "stringListValues": [],
        "binaryListValues": [],
    }
