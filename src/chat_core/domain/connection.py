"""Connections: who is connected, and how each connection is spoken to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One open WebSocket."""

    id: str
    """As the transport names it; for API Gateway sixteen characters of URL-safe base64."""
    codec: str
    """The name of the codec that was chosen at the handshake. It holds for the connection's whole life."""
    user: str = ""
    """Who the client is, as its token says; empty if nobody has said."""
    info: Any = None
    """What others are shown of the user: any JSON value, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A connection, and what it may do now."""

    connection: Connection
    accepted: bool
    """Whether the client has said who it is, if its codec has a command for that. A connection that is not accepted
    receives nothing and can do nothing else."""
    rooms: frozenset[str] = field(default_factory=frozenset)
    """The rooms that it is in. A room that it has just left may still be among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientInfo:
    """What the members of a room are told about one of them."""

    user: str
    client: str
    """The id of its connection."""
    conn_info: Any = None
    """The connection's `info`; None if it has none."""
    chan_info: Any = None
    """What the room's members are shown besides; None if nothing."""

    @classmethod
    def of(cls, connection: Connection) -> "ClientInfo":
        """Return what others are told about this connection."""
        return cls(user=connection.user, client=connection.id, conn_info=connection.info)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One connection's membership of one room."""

    connection: Connection
    command: int = 0
    """The id of the command that made it. Frames of one client may be handled side by side: the higher id wins."""
    wants_join_leave: bool = False
    """Whether it is told who joins and leaves."""


class Group(NamedTuple):
    """Members that receive the same payloads."""

    codec: str
    wants_join_leave: bool = False


class Waiting(NamedTuple):
    """A member that is not delivered to at present."""

    connection_id: str
    codec: str
    joining_since: float | None
    """Seconds since the epoch at which it began to join; None if it has joined."""
    missed: int | None
    """The lowest offset that it certainly or possibly missed; None if it missed nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudiencePage:
    """A part of a room's members."""

    groups: Mapping[Group, Sequence[str]]
    """The connection ids of those that are delivered to."""
    waiting: Sequence[Waiting] = ()
    next_cursor: str
    """Where reading continues."""

    def __len__(self) -> int:
        return sum(map(len, self.groups.values())) + len(self.waiting)
