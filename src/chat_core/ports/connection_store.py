"""The port to whatever remembers who is connected."""

import math
from abc import abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from chat_core.model import Connection, RecipientsPage


class ConnectionStore(Protocol):
    """Who is connected, and in which rooms.

    Visibility: what a call has changed is seen by every call that starts after it returned, whoever makes it.
    Every method may raise `Unavailable`; each is idempotent, so a caller may repeat it after that. `deadline` is
    when to give up and raise it, on the scale of `time.monotonic()`, in seconds.
    """

    @abstractmethod
    async def join(self, *, room: str, connection: Connection, deadline: float = math.inf) -> None:
        """Make the connection a member of the room; a member it already is keeps one membership, in the new format."""

    @abstractmethod
    async def forget(self, *, connection_ids: Sequence[str], deadline: float = math.inf) -> None:
        """End every membership of these connections, in every room; unknown ids are nothing to complain about."""

    @abstractmethod
    async def find(self, *, connection_id: str, deadline: float = math.inf) -> Connection | None:
        """Return the connection, or None where it is a member of no room."""

    @abstractmethod
    def recipients(self, *, room: str, after: str = "", deadline: float = math.inf) -> AsyncIterator[RecipientsPage]:
        """Read the room's members in pages, to the last page: none twice, no page empty.

        The order is always the same, so that reading can go on elsewhere `after` the `last` of a page; it need not be
        a member any more. Who joins or leaves while pages are being read may be among them or not.
        """
