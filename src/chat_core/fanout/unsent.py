"""Members that a delivery had no time for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from chat_core.domain.connection import Group
from chat_core.domain.outcome import Outcome

CERTAINLY_NOT_RECEIVED: Final = frozenset({Outcome.NOT_TRIED, Outcome.THROTTLED})
"""What a repetition may mend, and never doubles."""


class Part(NamedTuple):
    """Members that are to receive the same frames."""

    group: Group
    frames: Sequence[str]
    """Those that they have not received."""
    connection_ids: Sequence[str]


@dataclass(slots=True)
class Unsent:
    """Members that certainly did not receive everything, since the deadline of a lease or a throttle came before."""

    parts: list[Part] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(len(each.connection_ids) for each in self.parts)

    def put(self, group: Group, frames: Sequence[str], connection_ids: Sequence[str]) -> None:
        """Add members of a group, and the frames that they did not receive."""
        self.parts.append(Part(group, frames, connection_ids))

    def take(self) -> Sequence[Part]:
        """Return all of them, and forget them."""
        taken, self.parts = self.parts, []
        return taken
