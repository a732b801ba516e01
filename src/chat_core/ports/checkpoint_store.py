"""The port to the checkpoints of delivery jobs."""

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # Values that a chat may never need are not imported in a cold start.
    from chat_core.domain.job import Checkpoint


class CheckpointStore(Protocol):
    """Stores a checkpoint for each delivery job, so that another worker can resume it after a crash.

    Checkpoints are kept for hours at least: longer than a queue goes on giving out the same job.
    Both methods may raise `Unavailable`. `deadline` is when to give up and raise it, on the scale of
    `time.monotonic()`, in seconds.
    """

    @abstractmethod
    async def load(self, *, job_id: str, deadline: float = math.inf) -> "Checkpoint | None":
        """Return the job's checkpoint, or None if it was never advanced."""

    @abstractmethod
    async def advance(self, *, job_id: str, to: "Checkpoint", deadline: float = math.inf) -> bool:
        """Replace the checkpoint by one whose version is higher by one: a compare-and-set on the version.

        Returns:
            False if the checkpoint does not have the version before `to.version`, because another worker has advanced
            it. After a lost answer, a repeated request may return False for its own first attempt.

        """
        ...
