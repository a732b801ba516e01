"""The port to a worker's hold on its job."""

import math
from abc import abstractmethod
from typing import Protocol


class Lease(Protocol):
    """A worker's hold on one delivery job. While the lease runs, no other worker takes the job."""

    @abstractmethod
    async def extend(self, *, deadline: float = math.inf) -> None:
        """Let the lease run for its full time from now on. May be repeated.

        Args:
            deadline: when to give up, on the scale of `time.monotonic()`, in seconds.

        Raises:
            Unavailable: another worker may take the job before that.

        """
