"""The port to the time."""

from abc import abstractmethod
from typing import Protocol


class Clock(Protocol):
    """Tells the time. Never fails."""

    @abstractmethod
    def monotonic(self) -> float:
        """Return seconds on the scale of `time.monotonic()`, which deadlines are on. It never goes back."""
        ...

    @abstractmethod
    def now(self) -> float:
        """Return seconds since the epoch, as other machines have them too, give or take a fraction of a second."""
        ...
