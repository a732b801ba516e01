"""What a 429 means: the account makes too many requests, or one client does not read.

API Gateway answers 429 in both cases: "The client is sending more than the allowed number of requests per unit of time
or the WebSocket client side buffer is full" (API Gateway Management API reference, `LimitExceededException`). The other
connections make the difference: if posts to nearly all of them succeed, the account is not throttled, and a connection
that refuses again and again is slow.
"""

import math
from collections import OrderedDict
from typing import Final

from chat_core.domain.outcome import Outcome

LEAST_ATTEMPTS: Final = 4
"""The fewest attempts before a connection counts as slow; their pauses take a third of a second, at most 0.7 s."""
MOST_ATTEMPTS: Final = 12
"""The attempts before a throttled connection is given up; their pauses take 4 s on average, at most 8.3 s."""
CHANCE: Final = 1e-3
"""The accepted probability that a connection counts as slow although it was refused by chance."""

WINDOW_SECONDS: Final = 0.5
"""Answers are counted over the current window and the one before."""
BENEFIT: Final = 4
"""How many accepted posts are assumed at the start, so that a first 429 is ascribed to its connection."""
FEW: Final = 20
SHARE: Final = 0.002
"""The account is throttled if at least `FEW` connections, and at least this share of all, began to refuse within the
windows. All functions that share the quota must notice it: otherwise one takes what the others give up."""

REMEMBERED: Final = 10_000
"""The most connections in `refusals`; those with the oldest refusal are dropped first."""


class Throttling:
    """Concludes from the latest answers whether the account is throttled, and which connections are slow.

    Times are on the scale of `time.monotonic()`, in seconds.
    """

    def __init__(self) -> None:
        self.accepted = 0
        """How many posts were accepted in this window; the caller increments it for each."""
        self._refused = 0
        """How many connections began to refuse in this window."""
        self._before = (0, 0)
        """The counts of accepted posts and of new refusals in the window before."""
        self.window_ends = -math.inf
        """From when on `roll` must be called."""
        self.refusals: OrderedDict[str, int] = OrderedDict()
        """How many posts in a row each connection has refused, over all messages."""
        self.is_account_throttled = False
        """Whether the last refusal shows that the account is throttled; a connection's repeated refusal does not."""

    def refused(self, connection_id: str) -> Outcome:
        """Record that a post was answered with 429.

        Returns:
            `THROTTLED` if another attempt may succeed, `SLOW` if the client does not read.

        """
        attempts = self.refusals.pop(connection_id, 0) + 1
        self.refusals[connection_id] = attempts
        if len(self.refusals) > REMEMBERED:
            self.refusals.popitem(last=False)
        if attempts == 1:
            self._refused += 1
        accepted, refused = self._counts()
        self.is_account_throttled = attempts == 1 and refused >= max(FEW, SHARE * (accepted + refused))
        return Outcome.SLOW if attempts >= self._enough() else Outcome.THROTTLED

    def reset(self, connection_id: str) -> None:
        """Record that a connection accepted a post or is gone; not needed while `refusals` is empty."""
        self.refusals.pop(connection_id, None)

    def roll(self, now: float) -> None:
        """Start another window if this one is over. Must be called before posts are made."""
        if now < self.window_ends:
            return
        passed_all = now >= self.window_ends + WINDOW_SECONDS
        self._before = (0, 0) if passed_all else (self.accepted, self._refused)
        self.accepted = self._refused = 0
        self.window_ends = now + WINDOW_SECONDS

    def _enough(self) -> float:
        """Return how many refusals in a row are unlikely to be chance."""
        accepted, refused = self._counts()
        share_refused = refused / (accepted + refused + BENEFIT)
        if not share_refused:
            return LEAST_ATTEMPTS
        return max(LEAST_ATTEMPTS, math.log(CHANCE) / math.log(share_refused))

    def _counts(self) -> tuple[int, int]:
        return self.accepted + self._before[0], self._refused + self._before[1]
