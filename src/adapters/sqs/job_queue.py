"""Delivery jobs as the messages of an SQS queue.

A message is a JSON object. Its members have the names with which the first version wrote them, so that functions of two
versions can share a queue while a new one is deployed:
`id`, `room`, `sender`, `data`, `after` (a cursor), `members` (connection ids by codec, or null), `handed_on` (a count).
"""

import json
import math
from typing import Any

from aws_client import JsonClient, ServiceError, ServiceUnreachable
from chat_core.domain.events import MessagePublished
from chat_core.domain.job import DeliveryJob, Recipients, RestOfRoom
from chat_core.errors import Unavailable
from chat_core.ports import JobQueue


class SqsJobQueue(JobQueue):
    """Sends to a standard queue. A job that arrives twice is done once, because its checkpoint says so."""

    def __init__(self, client: JsonClient, *, url: str) -> None:
        """Make a queue.

        Args:
            client: one of SQS.
            url: the queue's, as SQS names it.

        """
        self._client = client
        self._url = url

    async def put(self, *, job: DeliveryJob, deadline: float = math.inf) -> None:
        request = {"QueueUrl": self._url, "MessageBody": write_job(job)}
        try:
            await self._client.call("SendMessage", request, deadline=deadline)
        except (ServiceError, ServiceUnreachable) as exc:
            raise Unavailable("The delivery could not be handed off.") from exc


def write_job(job: DeliveryJob) -> str:
    """Return the body of a job's message."""
    rest, event = job.target, job.event
    members = {
        "id": job.id,
        "room": event.room,
        "sender": event.sender,
        "data": event.data,
        "after": rest.cursor if isinstance(rest, RestOfRoom) else "",
        "members": None if isinstance(rest, RestOfRoom) else {codec: list(ids) for codec, ids in rest.ids.items()},
        "handed_on": job.hand_offs,
    }
    # All of Unicode but two characters may be in a message (SQS API reference, SendMessage).
    text = json.dumps(members, separators=(",", ":"), ensure_ascii=False)
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def read_job(body: str) -> DeliveryJob:
    """Return the job that the body of a message has.

    Raises:
        ValueError: `write_job` has not written it.

    """
    members = json.loads(body)
    try:
        return DeliveryJob(
            id=members["id"],
            event=MessagePublished(room=members["room"], sender=members["sender"], data=members["data"]),
            target=_read_target(members),
            hand_offs=members.get("handed_on", 0),
        )
    except (TypeError, AttributeError, KeyError) as exc:
        raise ValueError("not a delivery job") from exc


def _read_target(members: dict[str, Any]) -> RestOfRoom | Recipients:
    if members.get("members") is None:
        return RestOfRoom(cursor=members.get("after", ""))
    return Recipients(ids={str(codec): list(ids) for codec, ids in members["members"].items()})
