"""A client has opened a connection."""

import math
from dataclasses import dataclass

from chat_core.model import LOBBY, Connection
from chat_core.ports.connection_store import ConnectionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """Let the connection into the lobby, where it stays until it ends.

    Raises:
        Unavailable: it is not known to be in the lobby; better refuse the connection than leave it deaf.

    """

    store: ConnectionStore

    async def __call__(self, connection: Connection, *, deadline: float = math.inf) -> None:
        """Join; `deadline` is when to give up, on the scale of `time.monotonic()`, in seconds."""
        await self.store.join(room=LOBBY, connection=connection, deadline=deadline)
