"""What a command answers to the client that sent it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chat_core.domain.connection import ClientInfo
from chat_core.domain.events import MessagePublished
from chat_core.domain.history import Missed, StreamPosition
from chat_core.domain.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The client was accepted."""

    client: str
    """The id of its connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The client is in the room from this position on."""

    room: str
    top: StreamPosition
    """The position of the last message that the client has heard of, with this reply."""
    recoverable: bool
    positioned: bool
    missed: Missed | None = None
    """What was missed; None if the client did not ask."""
    asked: int = 0
    """The offset from which it asked to recover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """The client is not in the room."""

    room: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A message has its place, and will be delivered whoever dies."""

    position: StreamPosition
    report: Report = field(default_factory=Report)
    """How many recipients it reached; nobody if others deliver it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was said in a room."""

    top: StreamPosition
    publications: Sequence[MessagePublished] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Who is in a room."""

    members: Sequence[ClientInfo]


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceCount:
    """How many are in a room."""

    clients: int
    users: int
    """How many different ones. All that are anonymous count as one."""


Reply = Connected | Joined | Left | Published | History | Presence | PresenceCount
"""Every reply."""
