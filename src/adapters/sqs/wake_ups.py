"""Wake-ups as the messages of an SQS queue.

A message is a JSON object: `version`, which is 1, and `room`, the name of the room.
"""

import json
import math
from typing import Final

from aws_client import JsonClient, ServiceError, ServiceUnreachable
from chat_core.errors import Unavailable
from chat_core.ports import WakeUps

_VERSION: Final = 1
_LONGEST_DELAY: Final = 900
"""What `SendMessage` takes (SQS API reference, "DelaySeconds")."""


class SqsWakeUps(WakeUps):
    """Sends to a standard queue. A wake-up that arrives twice finds nothing to do the second time."""

    def __init__(self, client: JsonClient, *, url: str) -> None:
        """Make the wake-ups of a chat.

        Args:
            client: one of SQS.
            url: the queue's, as SQS names it.

        """
        self._client = client
        self._url = url

    async def send(self, room: str, *, delay: int = 0, deadline: float = math.inf) -> None:
        request = {
            "QueueUrl": self._url,
            "MessageBody": write_wake_up(room),
            "DelaySeconds": min(max(delay, 0), _LONGEST_DELAY),
        }
        try:
            await self._client.call("SendMessage", request, deadline=deadline)
        except (ServiceError, ServiceUnreachable) as exc:
            raise Unavailable("Nobody could be called to the room.") from exc


def write_wake_up(room: str) -> str:
    """Return the body of a wake-up's message."""
    return json.dumps({"version": _VERSION, "room": room}, separators=(",", ":"))


def read_wake_up(body: str) -> str:
    """Return the room of the wake-up that the body of a message has.

    Raises:
        ValueError: `write_wake_up` has not written it.

    """
    wake_up = json.loads(body)
    if not isinstance(wake_up, dict) or wake_up.get("version") != _VERSION or not isinstance(wake_up.get("room"), str):
        raise ValueError("not a wake-up")
    room: str = wake_up["room"]
    return room
