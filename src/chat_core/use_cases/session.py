"""The connection behind a frame."""

from chat_core.domain.connection import Connection
from chat_core.fanout.budget import Budget
from chat_core.ports import ConnectionStore


class Session:
    """The sender of a frame. The store is read when the connection is first asked for, and once.

    A message to the lobby whose sender wants no reply needs no read at all.
    """

    def __init__(self, connection_id: str, *, store: ConnectionStore, budget: Budget) -> None:
        self.connection_id = connection_id
        self._store = store
        self._budget = budget
        self._found: tuple[Connection | None] | None = None

    async def connection(self) -> Connection | None:
        """Return the connection, or None if it has ended.

        Raises:
            Unavailable: the store could not be read; the next call tries again.

        """
        if self._found is None:
            deadline = self._budget.settle_by
            self._found = (await self._store.find(connection_id=self.connection_id, deadline=deadline),)
        return self._found[0]
