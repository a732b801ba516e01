"""A connection has ended, whichever side ended it."""

from dataclasses import dataclass

from chat_core.domain.report import Report
from chat_core.fanout.budget import UNLIMITED, Budget
from chat_core.fanout.drain import Drain
from chat_core.fanout.end_connections import EndConnections


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseConnection:
    """Remove the connection from every room, and tell the rooms that are told. A later attempt to open it fails.

    Raises:
        Unavailable: some membership may be left. The next message to its room finds the connection gone.

    """

    end: EndConnections
    drain: Drain

    async def __call__(self, connection_id: str, budget: Budget = UNLIMITED) -> Report:
        """Remove it within the budget."""
        turns = await self.end([connection_id], deadline=budget.settle_by)
        return Report.total([await self.drain(turn, budget) for turn in turns])
