"""A client opens a connection."""

from collections.abc import Sequence
from dataclasses import dataclass

from chat_core.domain.connection import Connection
from chat_core.domain.room import LOBBY
from chat_core.fanout.budget import UNLIMITED, Budget
from chat_core.ports import Sessions
from chat_core.wire.codecs import Codecs


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """What a client asks for when it opens a connection."""

    connection_id: str
    subprotocols: Sequence[str] = ()
    """What it offers in `Sec-WebSocket-Protocol`."""
    codec: str | None = None
    """The codec that it names, with `?protocol=` for example; None if it names none."""
    user: str = ""
    """Who it is, if the transport has found out; empty if it has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What the handshake's answer has to say."""

    subprotocol: str | None
    """The subprotocol to confirm; a browser that offered some drops a connection whose answer confirms none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenConnection:
    """Choose the connection's codec. A plain client is in the lobby from now on; another one joins rooms by command.

    Raises:
        InvalidRequest: the client names a codec that does not exist.
        ConnectionClosed: the connection has ended already.
        Unavailable: it is not known to be open. Refuse the connection then: it would receive nothing.

    """

    sessions: Sessions
    codecs: Codecs

    async def __call__(self, handshake: Handshake, budget: Budget = UNLIMITED) -> Opened:
        """Open the connection within `budget.deadline`."""
        chosen = self.codecs.negotiate(subprotocols=handshake.subprotocols, codec=handshake.codec)
        connection = Connection(id=handshake.connection_id, codec=chosen.codec, user=handshake.user)
        room = None if chosen.needs_connect else LOBBY
        await self.sessions.open(connection, room=room, deadline=budget.deadline)
        return Opened(subprotocol=chosen.subprotocol)
