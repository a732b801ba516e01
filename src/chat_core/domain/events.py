"""What happens in a room, as its members hear of it."""

from dataclasses import dataclass
from typing import Any

from chat_core.domain.room import LOBBY


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePublished:
    """A message was sent to a room."""

    sender: str
    """The id of the connection that it came from."""
    data: Any
    """Any JSON value."""
    room: str = LOBBY


Event = MessagePublished
"""Every event. Each codec encodes each of them, or says that its clients do not see it."""
