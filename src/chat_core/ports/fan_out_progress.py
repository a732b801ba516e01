"""The port to whatever remembers how far a fan-out has come."""

import math
from abc import abstractmethod
from typing import Protocol

from chat_core.model import Position


class FanOutProgress(Protocol):
    """How far each fan-out has come, so that whoever takes it up after a worker's death goes on from there.

    Positions are kept for hours at least: longer than a queue goes on handing out the same fan-out.
    Both methods may raise `Unavailable`; `deadline` is when to give up and do so, on the scale of
    `time.monotonic()`, in seconds.
    """

    @abstractmethod
    async def position(self, *, fan_out: str, deadline: float = math.inf) -> Position | None:
        """Return how far the fan-out has come, or None where nobody has moved it."""

    @abstractmethod
    async def move(self, *, fan_out: str, to: Position, deadline: float = math.inf) -> bool:
        """Move the fan-out on by one step: to `to.step`, from the one before it.

        Returns:
            False where it is not at the step before, because another worker has moved it meanwhile. A repeated
            request may say so of its own first attempt.

        """
        ...
