"""Connections: who is connected, and how each connection is spoken to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One open WebSocket."""

    id: str
    """As the transport names it; for API Gateway sixteen characters of URL-safe base64."""
    codec: str
    """The name of the codec that was chosen at the handshake. It holds for the connection's whole life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudiencePage:
    """A part of a room's members."""

    ids: Mapping[str, Sequence[str]]
    """Connection ids by the name of their codec."""
    next_cursor: str
    """Where reading continues."""

    def __len__(self) -> int:
        return sum(map(len, self.ids.values()))
