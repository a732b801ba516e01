"""The port to the list of who is in a room."""

import math
from abc import abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # Values that a chat may never need are not imported in a cold start.
    from chat_core.domain.connection import ClientInfo


class RoomPresence(Protocol):
    """Who is in a room, as others are shown it. Visibility, `Unavailable` and `deadline` are as in `Sessions`."""

    @abstractmethod
    def members(self, room: str, *, deadline: float = math.inf) -> "AsyncIterator[Sequence[ClientInfo]]":
        """Read the room's members in pages, joining ones included: no member twice, no page empty."""
