"""A connection has ended, whichever side ended it."""

from dataclasses import dataclass

from chat_core.fanout.budget import UNLIMITED, Budget
from chat_core.ports import ConnectionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseConnection:
    """Remove the connection from every room. A later attempt to open it fails.

    Raises:
        Unavailable: some membership may be left. The next message to its room finds the connection gone.

    """

    store: ConnectionStore

    async def __call__(self, connection_id: str, budget: Budget = UNLIMITED) -> None:
        """Remove it within `budget.deadline`."""
        await self.store.remove(connection_ids=[connection_id], deadline=budget.deadline)
