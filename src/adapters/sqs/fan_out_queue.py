"""Fan-outs as the messages of an SQS queue, each a JSON object with the members of a `FanOut`."""

import json
import math
from dataclasses import fields, replace

from aws_client import JsonClient, ServiceError, ServiceUnreachable
from chat_core.errors import Unavailable
from chat_core.model import FanOut, Format
from chat_core.ports import FanOutQueue


class SqsFanOutQueue(FanOutQueue):
    """Sends to a standard queue: what is handed on twice is done once, by the position that is kept of it."""

    def __init__(self, client: JsonClient, *, url: str) -> None:
        """Make a queue.

        Args:
            client: one of SQS.
            url: the queue's, as SQS names it.

        """
        self._client = client
        self._url = url

    async def hand_on(self, fan_out: FanOut, *, deadline: float = math.inf) -> None:
        try:
            await self._client.call(
                "SendMessage", {"QueueUrl": self._url, "MessageBody": write_fan_out(fan_out)}, deadline=deadline
            )
        except (ServiceError, ServiceUnreachable) as exc:
            raise Unavailable("The message could not be handed on.") from exc

    async def extend(self, receipt_handle: str, *, seconds: int, deadline: float = math.inf) -> None:
        """Let a message that is being worked on be invisible for this long from now on.

        Args:
            receipt_handle: which message.
            seconds: for how long.
            deadline: when to give up, on the scale of `time.monotonic()`, in seconds.

        Raises:
            Unavailable: it may be handed to another worker before that.

        """
        request = {"QueueUrl": self._url, "ReceiptHandle": receipt_handle, "VisibilityTimeout": seconds}
        try:
            await self._client.call("ChangeMessageVisibility", request, deadline=deadline)
        except (ServiceError, ServiceUnreachable) as exc:
            raise Unavailable("The message could not be kept.") from exc


def write_fan_out(fan_out: FanOut) -> str:
    """Return a message's body."""
    # All of Unicode but two characters may be in a message (SQS API reference, SendMessage).
    members = {each.name: getattr(fan_out, each.name) for each in fields(fan_out)}
    text = json.dumps(members, separators=(",", ":"), ensure_ascii=False)
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def read_fan_out(body: str) -> FanOut:
    """Return what a message's body says.

    Raises:
        ValueError: it is not one that `write_fan_out` has written.

    """
    try:
        fan_out = FanOut(**json.loads(body))
        members = fan_out.members and {Format(to): ids for to, ids in fan_out.members.items()}
    except (TypeError, AttributeError) as exc:
        raise ValueError("not a fan-out") from exc
    return replace(fan_out, members=members)
