"""The port to the event loop that runs coroutines concurrently."""

from abc import abstractmethod
from collections.abc import Awaitable, Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Task(Awaitable[T_co], Protocol[T_co]):
    """A running coroutine. Awaiting it returns its result or raises its exception."""

    @abstractmethod
    def cancel(self) -> object:
        """Cancel the coroutine at its next await."""


class StartTask(Protocol):
    """Starts a coroutine and returns at once. `asyncio.create_task` is one.

    The core runs work concurrently through this port alone, so that the caller chooses the event loop.
    """

    @abstractmethod
    def __call__(self, coroutine: Coroutine[Any, Any, T], /) -> Task[T]:
        """Run the coroutine concurrently with the caller."""
        ...


class Sleep(Protocol):
    """Lets time pass for one coroutine, while others run. `asyncio.sleep` is one."""

    @abstractmethod
    def __call__(self, seconds: float, /) -> Awaitable[object]:
        """Return something to await, which takes that time."""
        ...
