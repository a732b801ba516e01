"""One payload on its way to many connections."""

import heapq
import itertools
import math
from collections.abc import Callable, Sequence

from adapters.apigateway.throttling import MOST_ATTEMPTS
from chat_core.ports import Outcome, Outcomes

ATTEMPTS = {
    Outcome.THROTTLED: MOST_ATTEMPTS,
    # Faults may pass, or may be there to stay.
    Outcome.UNAVAILABLE: 4,
}

BACKOFF_BASE_SECONDS = 0.05
BACKOFF_LIMIT_SECONDS = 1.0

Jitter = Callable[[float, float], float]


class Delivery:
    """Which connections are still to be posted to, and what became of the others.

    Each connection is in one of four places: not begun, waiting for its next attempt, under way, or settled.
    """

    def __init__(self, connection_ids: Sequence[str], *, deadline: float, jitter: Jitter) -> None:
        self.deadline = deadline
        self._jitter = jitter
        self._fresh = iter(connection_ids)
        self._fresh_left = len(connection_ids)
        self._waiting: list[tuple[float, int, str, int, Outcome]] = []
        """A heap: due when, a number that keeps the order, whose, after how many attempts, how the last one ended."""
        self._order = itertools.count()
        self.unsettled = len(connection_ids)
        """How many are not settled."""
        self.delivered = 0
        """How many connections took the payload. A post that is taken counts this up, and `unsettled` down."""
        self._gone: list[str] = []
        self._retried = 0
        self._failed: dict[str, Outcome] = {}
        self._lost: set[str] = set()
        """Whose answer was lost once."""

    @property
    def next_due(self) -> float:
        """When the next attempt of those that wait is due."""
        return self._waiting[0][0] if self._waiting else math.inf

    def ready(self, now: float) -> int:
        """Return how many connections could be posted to, at least one if there are any."""
        return self._fresh_left + (1 if self._waiting and self._waiting[0][0] <= now else 0)

    def take(self, now: float) -> tuple[str, int] | None:
        """Return a connection that is to be posted to now, and which attempt that is; None if there is none."""
        if self._waiting and self._waiting[0][0] <= now:
            _, _, connection_id, attempts, _ = heapq.heappop(self._waiting)
            self._retried += 1
            return connection_id, attempts + 1
        if self._fresh_left:
            self._fresh_left -= 1
            return next(self._fresh), 1
        return None

    def ended(self, connection_id: str, outcome: Outcome, attempt: int, now: float, *, is_lost: bool = False) -> None:
        """Settle a connection whose post ended otherwise, or have it wait for the next attempt.

        A post whose answer was lost may have been taken. It is made once more: twice is better than not at all, and no
        more than twice.

        Args:
            connection_id: whose.
            outcome: how the post ended.
            attempt: which one it was, from 1.
            now: the time.
            is_lost: whether it may have been taken, since there was no answer.

        """
        may_repeat = attempt < ATTEMPTS.get(outcome, 0) and not (is_lost and connection_id in self._lost)
        if is_lost:
            self._lost.add(connection_id)
        if may_repeat:
            # Full jitter: "Exponential Backoff And Jitter", AWS Architecture Blog.
            due = now + self._jitter(0, min(BACKOFF_BASE_SECONDS * 2.0 ** min(attempt, 10), BACKOFF_LIMIT_SECONDS))
            if due < self.deadline:
                heapq.heappush(self._waiting, (due, next(self._order), connection_id, attempt, outcome))
                return
        self._settle(connection_id, outcome)

    def give_up(self) -> None:
        """Settle everything that is not under way: the deadline has come."""
        for _, _, connection_id, _, outcome in self._waiting:
            self._settle(connection_id, outcome)
        self._waiting.clear()
        for connection_id in self._fresh:
            self._settle(connection_id, Outcome.NOT_TRIED)
        self._fresh_left = 0

    def outcomes(self) -> Outcomes:
        """Return what became of them all."""
        return Outcomes(delivered=self.delivered, gone=self._gone, failed=self._failed, retried=self._retried)

    def _settle(self, connection_id: str, outcome: Outcome) -> None:
        self.unsettled -= 1
        if outcome is Outcome.GONE:
            self._gone.append(connection_id)
        else:
            self._failed[connection_id] = outcome
