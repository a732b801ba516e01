"""Accepting connections, for as long as the process has file descriptors for them.

asyncio's own way goes on accepting when the system has no descriptor left, and tells of each attempt, thousands of
times a second (python/cpython#151615). Here accepting stops before that, is tried again a second later, and is told of
once.
"""

import asyncio
import errno
import logging
import os
import resource
import socket
from collections.abc import Callable
from functools import cache
from typing import Final

BACKLOG: Final = 512
ACCEPT_AT_ONCE: Final = 64
PAUSE_SECONDS: Final = 1.0
MOST_KEPT_BACK: Final = 128
"""Descriptors that clients are not given: functions take them for their pipes, and for asking their Runtime API."""

_OUT_OF_RESOURCES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_BROKEN_OFF: Final = frozenset({errno.ECONNABORTED, errno.EPERM, errno.EPROTO})
"""The client has left before it was accepted, or a firewall says no (accept(2))."""

_LOGGER = logging.getLogger(__name__)


class Listener:
    """A listening socket whose connections get a protocol each."""

    def __init__(
        self, sock: socket.socket, protocol: Callable[[], asyncio.Protocol], *, keeps_back: bool = True
    ) -> None:
        """Listen, and accept from now on.

        Args:
            sock: bound; it is closed with the listener.
            protocol: makes one for each connection.
            keeps_back: whether some descriptors are left to whatever else the process does.

        """
        self._loop = asyncio.get_running_loop()
        self._protocol = protocol
        self._keeps_back = keeps_back
        self._sock = sock
        self._connecting: set[asyncio.Task[object]] = set()
        self._pause: asyncio.TimerHandle | None = None
        sock.setblocking(False)
        sock.listen(BACKLOG)
        self._loop.add_reader(sock.fileno(), self._accept)

    @property
    def sock(self) -> socket.socket:
        """The listening socket."""
        return self._sock

    def close(self) -> None:
        """Accept no more. May be called again."""
        if self._sock.fileno() < 0:
            return
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()
        for task in self._connecting:
            task.cancel()

    def _accept(self) -> None:
        for _ in range(ACCEPT_AT_ONCE):
            try:
                if self._keeps_back and _next_descriptor(self._sock) >= _most_descriptors():
                    self._wait_a_while()
                    return
                accepted, _ = self._sock.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as exc:
                if exc.errno in _OUT_OF_RESOURCES:
                    self._wait_a_while()
                    return
                if exc.errno not in _BROKEN_OFF:
                    raise
            else:
                accepted.setblocking(False)
                self._connect(accepted)

    def _connect(self, accepted: socket.socket) -> None:
        task = self._loop.create_task(self._loop.connect_accepted_socket(self._protocol, accepted))
        self._connecting.add(task)
        task.add_done_callback(lambda done: self._connected(done, accepted))

    def _connected(self, task: "asyncio.Task[object]", accepted: socket.socket) -> None:
        self._connecting.discard(task)
        if task.cancelled() or task.exception() is not None:
            accepted.close()

    def _wait_a_while(self) -> None:
        self._loop.remove_reader(self._sock.fileno())
        self._pause = self._loop.call_later(PAUSE_SECONDS, self._go_on)
        _tell_once()

    def _go_on(self) -> None:
        self._pause = None
        self._loop.add_reader(self._sock.fileno(), self._accept)


def _next_descriptor(sock: socket.socket) -> int:
    """Return the number that the next descriptor gets: the lowest that is free (POSIX, "File Descriptor Allocation").

    Raises:
        OSError: there is none.

    """
    descriptor = os.dup(sock.fileno())
    os.close(descriptor)
    return descriptor


def _most_descriptors() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 30 if soft == resource.RLIM_INFINITY else soft - min(MOST_KEPT_BACK, soft // 4)


@cache
def _tell_once() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    _LOGGER.warning(
        "No more connections are taken until some end: the system gives this process %d file descriptors (ulimit -n)",
        soft,
    )
