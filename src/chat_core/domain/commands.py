"""What a client can ask for: frozen values, named in the imperative."""

from dataclasses import dataclass
from typing import Any

from chat_core.domain.history import StreamPosition
from chat_core.domain.room import LOBBY


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessage:
    """Send a message to a room."""

    data: Any
    """Any JSON value but the empty string."""
    room: str = LOBBY


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """Be accepted: the first command of a client whose codec has it, and it comes once."""

    token: str = ""
    data: Any = None
    name: str = ""
    """What the client's library calls itself."""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Join a room, and hear all that was missed since a position."""

    room: str
    token: str = ""
    recover: StreamPosition | None = None
    """The position from which to recover; its epoch is empty if the client knows none. None recovers nothing."""
    recoverable: bool = False
    """Whether the client wants to recover later."""
    positioned: bool = False
    join_leave: bool = False
    """Whether it wants to hear who joins and leaves."""
    reject_unrecovered: bool = False
    """Whether to refuse the subscription if not all can be recovered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Leave a room."""

    room: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """Send a message to a room, with a place in its stream."""

    room: str
    data: Any
    """Any JSON value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPresence:
    """Ask who is in a room."""

    room: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountPresence:
    """Ask how many are in a room."""

    room: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadHistory:
    """Ask what was said in a room."""

    room: str
    limit: int = 0
    """How many publications at most; 0 asks for the position alone, less than 0 for as many as are given at once."""
    since: StreamPosition | None = None
    """After which position, or before which one in reverse; None for the stream's end or beginning."""
    reverse: bool = False
    """Whether the newest come first."""


Command = SendMessage | Connect | Join | Leave | Publish | ReadPresence | CountPresence | ReadHistory
"""Every command. `chat_core.use_cases.receive_frame` has the use case of each."""
