"""Checkpoints of delivery jobs, in a dictionary."""

import math

from chat_core.domain.job import Checkpoint
from chat_core.ports import CheckpointStore


class MemoryCheckpointStore(CheckpointStore):
    """Keeps checkpoints for as long as the process lives."""

    def __init__(self) -> None:
        self._checkpoints: dict[str, Checkpoint] = {}

    async def load(self, *, job_id: str, deadline: float = math.inf) -> Checkpoint | None:
        return self._checkpoints.get(job_id)

    async def advance(self, *, job_id: str, to: Checkpoint, deadline: float = math.inf) -> bool:
        before = self._checkpoints.get(job_id, Checkpoint())
        if before.version != to.version - 1:
            return False
        self._checkpoints[job_id] = to
        return True
