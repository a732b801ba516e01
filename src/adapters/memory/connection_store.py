"""Who is connected, in a dictionary."""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from itertools import islice

from chat_core.model import Connection, Format, RecipientsPage
from chat_core.ports import ConnectionStore


class MemoryConnectionStore(ConnectionStore):
    """Keeps memberships for as long as the process lives; never `Unavailable`."""

    def __init__(self, *, page_size: int = 1000) -> None:
        self._page_size = page_size
        self._rooms: dict[str, dict[str, Connection]] = {}

    async def join(self, *, room: str, connection: Connection, deadline: float = math.inf) -> None:
        self._rooms.setdefault(room, {})[connection.id] = connection

    async def forget(self, *, connection_ids: Sequence[str], deadline: float = math.inf) -> None:
        for members in self._rooms.values():
            for connection_id in connection_ids:
                members.pop(connection_id, None)

    async def find(self, *, connection_id: str, deadline: float = math.inf) -> Connection | None:
        memberships = (members.get(connection_id) for members in self._rooms.values())
        return next(filter(None, memberships), None)

    async def recipients(
        self, *, room: str, after: str = "", deadline: float = math.inf
    ) -> AsyncIterator[RecipientsPage]:
        members = sorted(self._rooms.get(room, {}).values(), key=lambda member: member.id)
        left = iter(members[bisect_right(members, after, key=lambda member: member.id) :])
        while page := list(islice(left, self._page_size)):
            yield RecipientsPage(ids=_by_format(page), last=page[-1].id)


def _by_format(members: Sequence[Connection]) -> dict[Format, list[str]]:
    page: defaultdict[Format, list[str]] = defaultdict(list)
    for member in members:
        page[member.format].append(member.id)
    return page
