"""The connections of a chat, in dictionaries."""

import math
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import islice
from typing import Final

from chat_core.domain.connection import AudiencePage, Connection
from chat_core.errors import ConnectionClosed
from chat_core.ports import ConnectionStore

CLOSED_SECONDS: Final = 60 * 60
"""How long a closed connection is remembered, so that a late join cannot revive it."""


class MemoryConnectionStore(ConnectionStore):
    """Keeps memberships for as long as the process lives. Never `Unavailable`."""

    def __init__(self, *, page_size: int = 1000, clock: Callable[[], float] = time.monotonic) -> None:
        self._page_size = page_size
        self._clock = clock
        self._rooms: dict[str, dict[str, Connection]] = {}
        self._closed: dict[str, float] = {}
        """When each connection was removed, the oldest first."""

    async def join(self, *, room: str, connection: Connection, deadline: float = math.inf) -> None:
        self._drop_old()
        if connection.id in self._closed:
            raise ConnectionClosed
        self._rooms.setdefault(room, {})[connection.id] = connection

    async def remove(self, *, connection_ids: Sequence[str], deadline: float = math.inf) -> None:
        self._drop_old()
        for connection_id in connection_ids:
            # At the end, even if it was closed before: it is remembered from now on.
            self._closed.pop(connection_id, None)
            self._closed[connection_id] = self._clock()
        for room, members in list(self._rooms.items()):
            for connection_id in connection_ids:
                members.pop(connection_id, None)
            if not members:
                del self._rooms[room]

    async def find(self, *, connection_id: str, deadline: float = math.inf) -> Connection | None:
        memberships = (members.get(connection_id) for members in self._rooms.values())
        return next(filter(None, memberships), None)

    async def recipients(
        self, *, room: str, cursor: str = "", deadline: float = math.inf
    ) -> AsyncIterator[AudiencePage]:
        members = sorted(self._rooms.get(room, {}).values(), key=lambda member: member.id)
        left = iter(members[bisect_right(members, cursor, key=lambda member: member.id) :])
        while page := list(islice(left, self._page_size)):
            yield AudiencePage(ids=_by_codec(page), next_cursor=page[-1].id)

    def _drop_old(self) -> None:
        until = self._clock() - CLOSED_SECONDS
        while self._closed and self._closed[next(iter(self._closed))] < until:
            del self._closed[next(iter(self._closed))]


def _by_codec(members: Sequence[Connection]) -> dict[str, list[str]]:
    page: defaultdict[str, list[str]] = defaultdict(list)
    for member in members:
        page[member.codec].append(member.id)
    return page
