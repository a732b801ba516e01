"""The port to the queue that carries deliveries to workers."""

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # Values that a chat may never need are not imported in a cold start.
    from chat_core.domain.job import DeliveryJob


class JobQueue(Protocol):
    """Gives each delivery job to a worker at least once, so that a worker that dies loses no recipient.

    Order is not promised, and a job may come to two workers.
    """

    @abstractmethod
    async def put(self, *, job: "DeliveryJob", deadline: float = math.inf) -> None:
        """Keep the job until a worker has done it. Putting it again may lead to doing it again.

        Args:
            job: what is left to do.
            deadline: when to give up, on the scale of `time.monotonic()`, in seconds.

        Raises:
            Unavailable: it is not known to be kept.

        """
