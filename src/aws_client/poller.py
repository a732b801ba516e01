"""Which of many sockets are readable.

asyncio creates a handle and enters a context for each ready socket, which is a measurable part of a delivery
(docs/performance.md). On Linux, the sockets therefore share an epoll instance of their own, which the loop sees as a
single file descriptor. On other systems the loop watches each socket.
"""

import asyncio
import select
from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol


class Poller(Protocol):
    """Calls back when file descriptors are readable, from within an event loop.

    The constructor takes a function that is called at the end of each round, after the callbacks of every file
    descriptor that was found readable.
    """

    @abstractmethod
    def add(self, fd: int, callback: Callable[[], None]) -> None:
        """Call back whenever this file descriptor is readable or broken."""

    @abstractmethod
    def remove(self, fd: int) -> None:
        """Stop watching a file descriptor. Must be called before it is closed."""

    @abstractmethod
    def poll(self) -> None:
        """Run a round now, without waiting for the loop."""

    @abstractmethod
    def close(self) -> None:
        """Free the poller's resources, after every file descriptor was removed."""


def new_poller(after_round: Callable[[], None]) -> Poller:
    """Return a poller for the running event loop."""
    loop = asyncio.get_running_loop()
    return EpollPoller(loop, after_round) if hasattr(select, "epoll") else LoopPoller(loop, after_round)


class LoopPoller(Poller):
    """Lets the loop watch each file descriptor; a round has one callback."""

    def __init__(self, loop: asyncio.AbstractEventLoop, after_round: Callable[[], None]) -> None:
        self._loop = loop
        self._after_round = after_round
        self._callbacks: dict[int, Callable[[], None]] = {}

    def add(self, fd: int, callback: Callable[[], None]) -> None:
        self._callbacks[fd] = callback
        self._loop.add_reader(fd, self._call, callback)

    def remove(self, fd: int) -> None:
        del self._callbacks[fd]
        self._loop.remove_reader(fd)

    def poll(self) -> None:
        for fd, callback in list(self._callbacks.items()):
            # An earlier callback may have removed it. Reading finds out whether there is any data.
            if fd in self._callbacks:
                callback()
        self._after_round()

    def close(self) -> None:
        pass

    def _call(self, callback: Callable[[], None]) -> None:
        callback()
        self._after_round()


class EpollPoller(Poller):
    """Lets the loop watch one epoll instance, which watches every file descriptor."""

    def __init__(self, loop: asyncio.AbstractEventLoop, after_round: Callable[[], None]) -> None:
        self._loop = loop
        self._after_round = after_round
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callable[[], None]] = {}

    def add(self, fd: int, callback: Callable[[], None]) -> None:
        if not self._callbacks:
            self._loop.add_reader(self._epoll.fileno(), self.poll)
        self._callbacks[fd] = callback
        self._epoll.register(fd, select.EPOLLIN)

    def remove(self, fd: int) -> None:
        del self._callbacks[fd]
        self._epoll.unregister(fd)
        if not self._callbacks:
            self._loop.remove_reader(self._epoll.fileno())

    def poll(self) -> None:
        callbacks = self._callbacks
        for fd, _ in self._epoll.poll(0, len(callbacks)) if callbacks else ():
            # An earlier callback may have removed it.
            callback = callbacks.get(fd)
            if callback is not None:
                callback()
        self._after_round()

    def close(self) -> None:
        self._epoll.close()
