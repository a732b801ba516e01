"""The port to the limiter of senders."""

import math
from abc import abstractmethod
from typing import Protocol


class RateLimiter(Protocol):
    """Holds each sender to a rate, counted in one place for all processes.

    All senders have the same `Rate`, which the limiter is made with. May raise `Unavailable`.
    """

    @abstractmethod
    async def admit(self, *, sender: str, deadline: float = math.inf) -> bool:
        """Count one message of this sender if its rate allows it now.

        A repeated request may count a message twice. A refused message is not counted.

        Args:
            sender: whose message, for example a connection's id.
            deadline: when to give up, on the scale of `time.monotonic()`, in seconds.

        Returns:
            False if the message exceeds the rate.

        """
        ...
