"""The part of a delivery that a worker does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chat_core.domain.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RestOfRoom:
    """The members of the event's room after a cursor, in the order in which the room is read."""

    cursor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """Recipients by name."""

    ids: Mapping[str, Sequence[str]]
    """Connection ids by the name of their codec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryJob:
    """The part of a delivery that is left for a worker."""

    id: str
    event: Event
    target: RestOfRoom | Recipients
    hand_offs: int = 0
    """How many times the delivery was handed off to reach this job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """How far a delivery job has come."""

    version: int = 0
    """Rises by one with each advance. A worker that advances names the version that it started from."""
    cursor: str | None = None
    """Where the job continues; None once it is done."""
