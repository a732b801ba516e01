"""What became of events that were sent to a room."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from chat_core.domain.outcome import Outcome, Outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of one round's events, or of several rounds'.

    In each round, every recipient that was read is counted in exactly one of the first three.
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
    rounds: int = 0
    """How many times everyone in a room was delivered to."""
    continues: bool = False
    """Whether a worker continues. It reports for its own part."""

    @classmethod
    def of(cls, outcomes: Outcomes) -> Self:
        """Return the report of one delivery."""
        return cls(
            delivered=outcomes.delivered,
            gone=len(outcomes.gone),
            failed=Counter(outcomes.failed.values()),
            retried=outcomes.retried,
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
            rounds=sum(each.rounds for each in parts),
            continues=any(each.continues for each in parts),
        )

    def __add__(self, other: "Report") -> "Report":
        return Report.total((self, other))

    @property
    def failures(self) -> int:
        """How many recipients failed, for whatever reason."""
        return sum(self.failed.values())

    def summary(self) -> dict[str, object]:
        """Return the counts, for a log."""
        return {
            "delivered": self.delivered,
            "gone": self.gone,
            "failed": {str(outcome): count for outcome, count in self.failed.items()},
            "retried": self.retried,
            "closed": self.closed,
            "notRemoved": self.not_removed,
            "rounds": self.rounds,
            "continues": self.continues,
        }
