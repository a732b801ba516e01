"""Delivery jobs in a list."""

import math
from collections import deque

from chat_core.domain.job import DeliveryJob
from chat_core.ports import JobQueue


class MemoryJobQueue(JobQueue):
    """Keeps jobs in `waiting`, from where a worker takes them, first in first out."""

    def __init__(self) -> None:
        self.waiting: deque[DeliveryJob] = deque()

    async def put(self, *, job: DeliveryJob, deadline: float = math.inf) -> None:
        self.waiting.append(job)
