"""The port to the store of connections."""

import math
from abc import abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # Values that a chat may never need are not imported in a cold start.
    from chat_core.domain.connection import AudiencePage, Connection


class ConnectionStore(Protocol):
    """Which connections are open, and in which rooms.

    Visibility: what a call has changed is seen by every call that starts after it returned, whichever process makes it.
    Every method may raise `Unavailable`; each is idempotent, so a caller may repeat it after that. `deadline` is
    when to give up and raise it, on the scale of `time.monotonic()`, in seconds.
    """

    @abstractmethod
    async def join(self, *, room: str, connection: "Connection", deadline: float = math.inf) -> None:
        """Make the connection a member of the room. A member keeps one membership, with the new codec.

        Atomic: a process that dies meanwhile leaves no member behind that `remove` would not find.

        Raises:
            ConnectionClosed: the connection was removed, within the last hour at least. It is never revived, so that a
                late request leaves no member behind for good.

        """

    @abstractmethod
    async def remove(self, *, connection_ids: Sequence[str], deadline: float = math.inf) -> None:
        """End every membership of these connections, in every room. An unknown id is not an error."""

    @abstractmethod
    async def find(self, *, connection_id: str, deadline: float = math.inf) -> "Connection | None":
        """Return the connection, or None if it is a member of no room."""

    @abstractmethod
    def recipients(self, *, room: str, cursor: str = "", deadline: float = math.inf) -> "AsyncIterator[AudiencePage]":
        """Read the room's members in pages, to the last page: no member twice, no page empty.

        The order is always the same, so that reading can continue elsewhere at the `next_cursor` of a page. The last
        member of that page need not be a member any more. A member that joins or leaves while pages are being read may
        be among them or not. A codec is a name: one that this process does not know is returned like any other.
        """
