"""The port to whatever runs coroutines side by side."""

from abc import abstractmethod
from collections.abc import Awaitable, Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Task(Awaitable[T_co], Protocol[T_co]):
    """A coroutine that runs by itself; awaiting it gives its result or raises its exception."""

    @abstractmethod
    def cancel(self) -> object:
        """Stop the coroutine where it next waits."""


class StartTask(Protocol):
    """Starts a coroutine and returns at once; `asyncio.create_task` is one.

    The core overlaps work through this port alone, so that which event loop drives it stays the caller's choice.
    """

    @abstractmethod
    def __call__(self, coroutine: Coroutine[Any, Any, T], /) -> Task[T]:
        """Let the coroutine run beside the caller."""
        ...
