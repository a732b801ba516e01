"""A connection has ended, whoever ended it."""

import math
from dataclasses import dataclass

from chat_core.ports.connection_store import ConnectionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnect:
    """Forget the connection everywhere.

    Raises:
        Unavailable: some membership may be left; the next message that meets it finds the connection gone.

    """

    store: ConnectionStore

    async def __call__(self, connection_id: str, *, deadline: float = math.inf) -> None:
        """Forget; `deadline` is when to give up, on the scale of `time.monotonic()`, in seconds."""
        await self.store.forget(connection_ids=[connection_id], deadline=deadline)
