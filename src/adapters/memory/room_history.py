"""What rooms keep of their past, in dictionaries."""

import math
import time
from collections.abc import Callable, Sequence

from chat_core.domain.events import MessagePublished
from chat_core.ports import RoomHistory


class MemoryRoomHistory(RoomHistory):
    """Keeps messages until they expire, for as long as the process lives. Never `Unavailable`."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._rooms: dict[str, dict[int, tuple[str, float, MessagePublished]]] = {}
        """Each room's messages by offset, with their epoch and when they expire."""

    async def record(
        self,
        room: str,
        messages: Sequence[MessagePublished],
        *,
        epoch: str,
        ttl: int,
        deadline: float = math.inf,
    ) -> None:
        kept = self._rooms.setdefault(room, {})
        for each in messages:
            kept[each.offset] = (epoch, each.time + ttl, each)
        now = self._clock()
        for offset in [offset for offset, (_, expires_at, _) in kept.items() if expires_at <= now]:
            del kept[offset]

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
    ) -> Sequence[MessagePublished]:
        kept = self._rooms.get(room, {})
        found = sorted(offset for offset in kept if first <= offset <= last and kept[offset][0] == epoch)
        if reverse:
            found.reverse()
        return [kept[offset][2] for offset in found[:limit]]

    async def clear(self, room: str, *, deadline: float = math.inf) -> None:
        self._rooms.pop(room, None)
