"""The port to the connections that are open."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # Values that a chat may never need are not imported in a cold start.
    from chat_core.domain.connection import Connection, Session


class Sessions(Protocol):
    """Which connections are open, who they are, and in which rooms.

    Visibility: what a call has changed is seen by every call that starts after it returned, whichever process makes it.
    Every method may raise `Unavailable`; each is idempotent, so a caller may repeat it after that. `deadline` is
    when to give up and raise it, on the scale of `time.monotonic()`, in seconds.
    A connection that was closed is remembered for an hour at least, and is never revived meanwhile: a late request
    leaves nothing behind for good. Everything expires after the longest life of a connection.
    """

    @abstractmethod
    async def open(self, connection: "Connection", *, room: str | None = None, deadline: float = math.inf) -> None:
        """Keep a connection from now on.

        Args:
            connection: The new one. If it is open already, it has the new codec afterwards.
            room: Of which it is a member at once, and delivered to; it counts as accepted then. None for a connection
                that has to be accepted first. Atomic: a process that dies leaves both or neither.
            deadline: See above.

        Raises:
            ConnectionClosed: it was closed.

        """

    @abstractmethod
    async def accept(self, connection: "Connection", *, room: str, deadline: float = math.inf) -> bool:
        """Accept an open connection: keep its user and info, and make it a member of the room, at once.

        Returns:
            False if it was accepted before, by another call. Nothing has changed then.

        Raises:
            ConnectionClosed: it was closed, or never opened.

        """
        ...

    @abstractmethod
    async def find(self, connection_id: str, *, deadline: float = math.inf) -> "Session | None":
        """Return an open connection, or None if it was closed or never opened. One read."""

    @abstractmethod
    async def close(self, connection_ids: Sequence[str], *, deadline: float = math.inf) -> "Sequence[Session]":
        """End these connections, and every membership of them, in every room. An unknown id is not an error.

        Returns:
            What has ended by this call. A connection that was closed before is not among them.

        """
        ...
