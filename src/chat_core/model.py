"""The words of the domain: connections, rooms, and how a connection wants to be spoken to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

LOBBY = "lobby"
"""The room that every connection is in from its start to its end: a room like any other."""


class Format(StrEnum):
    """How a connection reads and writes; chosen when it connects, for as long as it lives."""

    PLAIN = "plain"
    """Messages arrive as their data alone, as clients of the AWS chat samples expect."""
    JSON = "json"
    """Everything that arrives is a JSON object with a `type`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One open WebSocket."""

    id: str
    """As the transport names it; for API Gateway sixteen characters of URL-safe base64."""
    format: Format


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Whoever has opened a connection, where the chat asks for that."""

    id: str
    """As the issuer of the token names it; never empty."""


RecipientsPage = Mapping[Format, Sequence[str]]
"""A part of a room's audience: connection ids, by the format in which each is to be spoken to."""
