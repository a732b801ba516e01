"""The port to the audience of a room: the read that every message needs."""

import math
from abc import abstractmethod
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # Values that a chat may never need are not imported in a cold start.
    from chat_core.domain.connection import AudiencePage


class Audience(Protocol):
    """Who in a room is delivered to. Visibility, `Unavailable` and `deadline` are as in `Sessions`."""

    @abstractmethod
    def pages(self, room: str, *, cursor: str = "", deadline: float = math.inf) -> "AsyncIterator[AudiencePage]":
        """Read the room's members in pages, to the last page: no member twice, no page empty.

        The order is always the same, so that reading can continue elsewhere at the `next_cursor` of a page. The last
        member of that page need not be a member any more. A member that joins or leaves while pages are being read may
        be among them or not. A codec is a name: one that this process does not know is returned like any other.
        A member that has joined and is not active yet, or has missed something, is `waiting`.
        """
