"""Accepts connections while the process has file descriptors for them.

asyncio continues to accept if no descriptor is left, and logs each attempt, thousands of times per second
(python/cpython#151615). Here accepting pauses before that for a second, and is logged once.
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
"""Descriptors that are reserved from clients: functions need them for their pipes and for the Runtime API."""

_OUT_OF_RESOURCES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_BROKEN_OFF: Final = frozenset({errno.ECONNABORTED, errno.EPERM, errno.EPROTO})
"""The client disconnected before it was accepted, or a firewall rejects it (accept(2))."""

_LOGGER = logging.getLogger(__name__)


class Listener:
    """A listening socket that creates a protocol for each connection."""

    def __init__(
        self, sock: socket.socket, protocol: Callable[[], asyncio.Protocol], *, keeps_back: bool = True
    ) -> None:
        """Listen and start to accept.

        Args:
            sock: Bound; it is closed with the listener.
            protocol: Creates the protocol of a connection.
            keeps_back: Whether some descriptors are reserved for the rest of the process.

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
        """Stop accepting. Can be called again."""
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
                    self._pause_accepting()
                    return
                accepted, _ = self._sock.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as exc:
                if exc.errno in _OUT_OF_RESOURCES:
                    self._pause_accepting()
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

    def _pause_accepting(self) -> None:
        self._loop.remove_reader(self._sock.fileno())
        self._pause = self._loop.call_later(PAUSE_SECONDS, self._resume_accepting)
        _warn_once()

    def _resume_accepting(self) -> None:
        self._pause = None
        self._loop.add_reader(self._sock.fileno(), self._accept)


def _next_descriptor(sock: socket.socket) -> int:
    """Return the number of the next descriptor: the lowest free one (POSIX, "File Descriptor Allocation").

    Raises:
        OSError: There is none.

    """
    descriptor = os.dup(sock.fileno())
    os.close(descriptor)
    return descriptor


def _most_descriptors() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 30 if soft == resource.RLIM_INFINITY else soft - min(MOST_KEPT_BACK, soft // 4)


@cache
def _warn_once() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    _LOGGER.warning(
        "No more connections are accepted until others end: this process may have %d file descriptors (ulimit -n)",
        soft,
    )
