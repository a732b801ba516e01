"""The port to what rooms keep of their past."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # Values that a chat may never need are not imported in a cold start.
    from chat_core.domain.events import MessagePublished


class RoomHistory(Protocol):
    """The messages of each room, by epoch and offset. Each expires some time after its `ttl`.

    Visibility, `Unavailable`, repetition and `deadline` are as in `Sessions`.
    """

    @abstractmethod
    async def record(
        self,
        room: str,
        messages: "Sequence[MessagePublished]",
        *,
        epoch: str,
        ttl: int,
        deadline: float = math.inf,
    ) -> None:
        """Keep these messages, which have offsets. Recording one again changes nothing."""

    @abstractmethod
    async def read(
        self,
        room: str,
        *,
        epoch: str,
        first: int,
        last: int,
        limit: int,
        reverse: bool = False,
        deadline: float = math.inf,
    ) -> "Sequence[MessagePublished]":
        """Return the messages of an epoch with offsets from `first` to `last`, both included.

        Messages that have expired may be among them for a while: the caller judges by their time.

        Args:
            room: whose.
            epoch: the stream's.
            first: the lowest offset.
            last: the highest offset.
            limit: how many at most, from the first one on, or from the last one back.
            reverse: whether the newest come first.
            deadline: see above.

        """
        ...

    @abstractmethod
    async def clear(self, room: str, *, deadline: float = math.inf) -> None:
        """Forget all messages of the room."""
