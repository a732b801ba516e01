"""What became of an event that was sent to a room."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, Self

from chat_core.domain.outcome import Outcome, Outcomes

_CERTAINLY_NOT_RECEIVED: Final = frozenset({Outcome.NOT_TRIED, Outcome.THROTTLED})


class Unreached(NamedTuple):
    """A recipient that certainly did not receive the payload and can still be retried."""

    codec: str
    connection_id: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of an event. Every recipient that was read is counted in exactly one of the first three.

    Reports are added: `Report.total(reports)` is that of all of them together.
    """

    delivered: int = 0
    gone: int = 0
    failed: Mapping[Outcome, int] = field(default_factory=dict)
    """How many recipients failed, by the reason; no count is 0."""
    retried: int = 0
    """How many posts were made besides the first one to each recipient."""
    closed: int = 0
    """How many slow recipients were disconnected, so that their clients come back."""
    not_removed: int = 0
    """How many connections that have ended could not be removed from the store. The next message meets them again."""
    not_extended: int = 0
    """How many times a worker's lease could not be extended. Another worker may have taken the job meanwhile."""
    continues: bool = False
    """Whether a worker continues the delivery. It reports for its own part."""
    unreached: tuple[Unreached, ...] = field(default=(), repr=False)
    """The failed recipients that certainly did not receive the payload and can still be retried."""

    @classmethod
    def of(cls, codec: str, outcomes: Outcomes) -> Self:
        """Return the report of one delivery to recipients with this codec."""
        unreached = tuple(
            Unreached(codec, each, outcome)
            for each, outcome in outcomes.failed.items()
            if outcome in _CERTAINLY_NOT_RECEIVED
        )
        return cls(
            delivered=outcomes.delivered,
            gone=len(outcomes.gone),
            failed=Counter(outcomes.failed.values()),
            retried=outcomes.retried,
            unreached=unreached,
        )

    @classmethod
    def total(cls, reports: Iterable["Report"]) -> Self:
        """Return the report of several deliveries together."""
        parts = list(reports)
        failed: Counter[Outcome] = Counter()
        for each in parts:
            failed.update(each.failed)
        return cls(
            delivered=sum(each.delivered for each in parts),
            gone=sum(each.gone for each in parts),
            failed=failed,
            retried=sum(each.retried for each in parts),
            closed=sum(each.closed for each in parts),
            not_removed=sum(each.not_removed for each in parts),
            not_extended=sum(each.not_extended for each in parts),
            continues=any(each.continues for each in parts),
            unreached=tuple(one for each in parts for one in each.unreached),
        )

    def __add__(self, other: "Report") -> "Report":
        return Report.total((self, other))

    def handed_off(self, recipients: Iterable[Unreached]) -> "Report":
        """Return the report without these recipients, which a worker counts from now on."""
        taken = set(recipients)
        failed = Counter(self.failed)
        failed.subtract(each.outcome for each in taken)
        left = tuple(each for each in self.unreached if each not in taken)
        return replace(self, failed=+failed, unreached=left, continues=True)

    @property
    def failures(self) -> int:
        """How many recipients failed, for whatever reason."""
        return sum(self.failed.values())

    def summary(self) -> dict[str, object]:
        """Return the counts, for a log."""
        counts = {
            "delivered": self.delivered,
            "gone": self.gone,
            "failed": {str(outcome): count for outcome, count in self.failed.items()},
            "retried": self.retried,
            "closed": self.closed,
            "notRemoved": self.not_removed,
            "continues": self.continues,
        }
        return counts | ({"notExtended": self.not_extended} if self.not_extended else {})
