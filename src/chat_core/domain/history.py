"""What a room keeps of its past."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chat_core.domain.events import MessagePublished


class StreamPosition(NamedTuple):
    """A place in the stream of a room's messages."""

    epoch: str
    """The name of the stream. A room whose stream was lost has a new one, and its offsets begin again."""
    offset: int
    """That of a message: 1, 2, 3 and so on without gaps; 0 is before the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A room's stream, as it was at one moment."""

    top: StreamPosition
    """The position of the last message."""
    pending: Sequence[MessagePublished] = ()
    """The last messages, up to the top, which may be missing from the history still: the oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """What a subscription that comes back has missed."""

    recovered: bool
    """Whether `publications` is all of it."""
    publications: Sequence[MessagePublished] = ()
    """The oldest first."""
