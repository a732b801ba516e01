"""The words of the domain: connections, rooms, and how a connection wants to be spoken to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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
class RecipientsPage:
    """A part of a room's audience."""

    ids: Mapping[Format, Sequence[str]]
    """Connection ids, by the format in which each is to be spoken to."""
    last: str
    """The id after which reading goes on."""

    def __len__(self) -> int:
        return sum(map(len, self.ids.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOut:
    """The part of a broadcast that is left for others to do."""

    id: str
    room: str
    sender: str
    data: Any
    """Any JSON value."""
    after: str = ""
    """The id of the last member that was taken care of, in the order in which the room is read."""
    members: Mapping[Format, Sequence[str]] | None = None
    """Where not None, who is left in place of a part of the room: connection ids, by their format."""
    handed_on: int = 0
    """How many times a worker has handed a part of the broadcast on to reach this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a fan-out has come."""

    step: int = 0
    """How often it was moved: whoever moves it says from which step."""
    after: str | None = None
    """The id of the last member that was taken care of; None once all are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How much one sender may send: a bucket of `burst` tokens that fills at `per_second`.

    Kept as the time at which a sender's next message is due (the generic cell rate algorithm, ITU-T I.371): one number
    for each sender, and no counter that somebody has to reset.
    """

    per_second: float
    """Messages a second on average; more than 0."""
    burst: int
    """Messages at once, after a pause; at least 1."""

    def __post_init__(self) -> None:
        if not (self.per_second > 0 and self.burst >= 1):
            raise ValueError("a rate is more than 0 a second, and its burst is at least 1")

    @property
    def interval(self) -> float:
        """Seconds between two messages of a sender that sends evenly."""
        return 1 / self.per_second

    @property
    def slack(self) -> float:
        """By how many seconds a message may come before it is due."""
        return (self.burst - 1) * self.interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Whoever has opened a connection, where the chat asks for that."""

    id: str
    """As the issuer of the token names it; never empty."""
