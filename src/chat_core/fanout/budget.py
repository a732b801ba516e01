"""How much time a call has."""

import math
from dataclasses import dataclass
from typing import Final

SETTLING_SECONDS: Final = 0.5
"""After the deadline, for the store and the queue: reading, removing connections that are gone, handing off."""
ANSWERING_SECONDS: Final = 0.8
"""After the deadline, for the reply. A store that hangs must leave time for telling the sender so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """When to stop. Both times are on the scale of `time.monotonic()`, in seconds."""

    deadline: float = math.inf
    """When to give deliveries up. What is left to do then takes less than a second, which the caller
    keeps in reserve."""
    yield_at: float = math.inf
    """When to hand the rest of a large room off to a worker. Without a queue it has no effect."""

    @property
    def settle_by(self) -> float:
        """When calls of the store and the queue give up."""
        return self.deadline + SETTLING_SECONDS

    @property
    def answer_by(self) -> float:
        """When replies are given up."""
        return self.deadline + ANSWERING_SECONDS


UNLIMITED: Final = Budget()
"""For a caller that is not stopped by anybody."""
