"""The port to whatever counts how much a sender sends."""

import math
from abc import abstractmethod
from typing import Protocol


class RateLimiter(Protocol):
    """Whether a sender keeps to its rate, counted in one place for everyone who asks.

    Each sender has a `Rate` of its own, which the limiter is made with. May raise `Unavailable`.
    """

    @abstractmethod
    async def admit(self, *, sender: str, deadline: float = math.inf) -> bool:
        """Count one message of this sender, if its rate has room for it.

        A repeated request may count a message twice. A refused message is not counted.

        Args:
            sender: whose message, for example a connection's id.
            deadline: when to give up, on the scale of `time.monotonic()`, in seconds.

        Returns:
            False if the message is more than the rate allows now.

        """
        ...
