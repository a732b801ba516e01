"""What a client can ask for: frozen values, named in the imperative."""

from dataclasses import dataclass
from typing import Any

from chat_core.domain.room import LOBBY


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessage:
    """Send a message to a room."""

    data: Any
    """Any JSON value but the empty string."""
    room: str = LOBBY


Command = SendMessage
"""Every command. `chat_core.use_cases.receive_frame` has the use case of each."""
