"""The port to new names."""

from abc import abstractmethod
from typing import Protocol


class Ids(Protocol):
    """Makes ids. Never fails."""

    @abstractmethod
    def new(self) -> str:
        """Return a text that no process has returned before, of at most 64 letters, digits and hyphens."""
        ...
