"""A client opens a connection."""

from collections.abc import Sequence
from dataclasses import dataclass

from chat_core.domain.connection import Connection
from chat_core.domain.room import LOBBY
from chat_core.fanout.budget import UNLIMITED, Budget
from chat_core.ports import ConnectionStore
from chat_core.wire.codecs import Codecs


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """What a client asks for when it opens a connection."""

    connection_id: str
    subprotocols: Sequence[str] = ()
    """What it offers in `Sec-WebSocket-Protocol`."""
    codec: str | None = None
    """The codec that it names, with `?format=` for example; None if it names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What the handshake's answer has to say."""

    subprotocol: str | None
    """The subprotocol to confirm; a browser that offered some drops a connection whose answer confirms none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenConnection:
    """Choose the connection's codec, and make it a member of the lobby, where it stays until it ends.

    Raises:
        InvalidRequest: the client names a codec that does not exist.
        ConnectionClosed: the connection has ended already.
        Unavailable: it is not known to be in the lobby. Refuse the connection then: it would receive nothing.

    """

    store: ConnectionStore
    codecs: Codecs

    async def __call__(self, handshake: Handshake, budget: Budget = UNLIMITED) -> Opened:
        """Open the connection within `budget.deadline`."""
        chosen = self.codecs.negotiate(subprotocols=handshake.subprotocols, codec=handshake.codec)
        connection = Connection(id=handshake.connection_id, codec=chosen.codec)
        await self.store.join(room=LOBBY, connection=connection, deadline=budget.deadline)
        return Opened(subprotocol=chosen.subprotocol)
