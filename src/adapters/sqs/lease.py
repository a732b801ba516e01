"""A worker's hold on its job: the visibility timeout of the job's message."""

import math

from aws_client import JsonClient, ServiceError, ServiceUnreachable
from chat_core.errors import Unavailable
from chat_core.ports import Lease


class SqsLease(Lease):
    """Keeps one message invisible to other workers.

    The visibility timeout of a queue cannot be shorter than the timeout of the function that reads it, but that of a
    message can (Lambda developer guide, "Using Lambda with Amazon SQS").
    """

    def __init__(self, client: JsonClient, *, url: str, receipt_handle: str, seconds: int) -> None:
        """Take the message.

        Args:
            client: one of SQS.
            url: the queue's, as SQS names it.
            receipt_handle: which message.
            seconds: for how long each extension keeps it invisible.

        """
        self._client = client
        self._request = {"QueueUrl": url, "ReceiptHandle": receipt_handle, "VisibilityTimeout": seconds}

    async def extend(self, *, deadline: float = math.inf) -> None:
        try:
            await self._client.call("ChangeMessageVisibility", self._request, deadline=deadline)
        except (ServiceError, ServiceUnreachable) as exc:
            raise Unavailable("The lease could not be extended.") from exc
