"""What happens in a room, as its members hear of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chat_core.domain.connection import ClientInfo
from chat_core.domain.room import EVERYONE, LOBBY


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePublished:
    """A message was sent to a room."""

    data: Any
    """Any JSON value."""
    room: str = LOBBY
    publisher: ClientInfo | None = None
    """Who sent it; None if the server did, or a plain client."""
    offset: int = 0
    """Its place in the room's stream; 0 as long as it has none, and where nothing is kept."""
    time: float = 0.0
    """When it was appended, in seconds since the epoch."""
    tags: Mapping[str, str] | None = None
    """What the server says about the message besides its data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberJoined:
    """A client has joined a room."""

    room: str
    member: ClientInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLeft:
    """A client has left a room, or its connection has ended."""

    room: str
    member: ClientInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionEnded:
    """The subscription of the client that hears of it has ended.

    Below code 2500 it stays so; from there on the client subscribes again.
    """

    room: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepAlive:
    """Nothing has happened: its payload keeps idle connections open, and no client shows it."""

    room: str = EVERYONE


Event = MessagePublished | MemberJoined | MemberLeft | SubscriptionEnded | KeepAlive
"""Every event. Each codec encodes each of them, or says that its clients do not see it."""

INSUFFICIENT_STATE = 2500
"""The code of a subscription that may have missed something: its client subscribes again, and recovers."""
