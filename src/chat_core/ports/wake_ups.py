"""The port to the queue of wake-ups."""

import math
from abc import abstractmethod
from typing import Protocol


class WakeUps(Protocol):
    """Calls a worker to a room, later: it delivers whatever is on the room's feed then.

    A wake-up comes at least once, and again until a worker says that it is done. So a process that dies loses nothing.
    """

    @abstractmethod
    async def send(self, room: str, *, delay: int = 0, deadline: float = math.inf) -> None:
        """Wake a worker for the room. Sending it again is harmless.

        Args:
            room: whose feed.
            delay: after how many seconds, at least; at most 900.
            deadline: when to give up, on the scale of `time.monotonic()`, in seconds.

        Raises:
            Unavailable: it is not known that it will come.

        """
