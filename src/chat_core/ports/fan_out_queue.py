"""The port to whatever carries the rest of a large broadcast to a worker."""

import math
from abc import abstractmethod
from typing import Protocol

from chat_core.model import FanOut


class FanOutQueue(Protocol):
    """Hands fan-outs on, each to one worker; at least once, so that a worker that dies loses nobody."""

    @abstractmethod
    async def hand_on(self, fan_out: FanOut, *, deadline: float = math.inf) -> None:
        """Keep the fan-out until a worker has done it.

        Args:
            fan_out: what is left to do.
            deadline: when to give up, on the scale of `time.monotonic()`, in seconds.

        Raises:
            Unavailable: it is not known to be kept.

        """
