"""The port to the time."""

from abc import abstractmethod
from typing import Protocol


class Clock(Protocol):
    """Tells the time. Never fails."""

    @abstractmethod
    def monotonic(self) -> float:
        """Return seconds on the scale of `time.monotonic()`, which deadlines are on. It never goes back."""
        ...
