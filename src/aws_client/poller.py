"""Who of many connections has something to read.

asyncio makes a handle and enters a context for each ready socket, which takes 2 to 3 us, a sixth of a whole delivery.
On Linux the connections therefore have an epoll instance of their own, which the loop sees as a single file descriptor;
elsewhere the loop watches each.
"""

import asyncio
import select
from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol


class Poller(Protocol):
    """Calls back when file descriptors are readable, from within an event loop.

    It is made with a function that is called after each round, when whoever was found readable has been called back.
    """

    @abstractmethod
    def add(self, fd: int, callback: Callable[[], None]) -> None:
        """Call back whenever the file descriptor is readable or broken."""

    @abstractmethod
    def remove(self, fd: int) -> None:
        """Call back no more; to be called before the file descriptor is closed."""

    @abstractmethod
    def poll(self) -> None:
        """Call back whoever is readable at this moment, before the loop gets to it."""

    @abstractmethod
    def close(self) -> None:
        """Free what the poller holds, after everything was removed."""


def new_poller(after_round: Callable[[], None]) -> Poller:
    """Return one for the running event loop."""
    loop = asyncio.get_running_loop()
    return EpollPoller(loop, after_round) if hasattr(select, "epoll") else LoopPoller(loop, after_round)


class LoopPoller(Poller):
    """Has the loop watch each file descriptor: a round is one of them."""

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
            # An earlier callback may have removed it. Who has nothing to read finds that out.
            if fd in self._callbacks:
                callback()
        self._after_round()

    def close(self) -> None:
        pass

    def _call(self, callback: Callable[[], None]) -> None:
        callback()
        self._after_round()


class EpollPoller(Poller):
    """Has the loop watch the one of an epoll instance that watches them all."""

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
