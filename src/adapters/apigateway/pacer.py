"""Keeping to the rate that the account's quota allows.

API Gateway lets an account make 10,000 requests a second in a region, with a bucket of 5,000 for bursts, over all of
its APIs, the posts to connections included (AWS, "Amazon API Gateway quotas"). It answers 429 to what goes beyond.
"""

import math

from aws_client import Gate

QUOTA_RATE = 10_000.0
"""Requests a second."""
QUOTA_BURST = 5_000.0
SHARE = 0.97
"""What posts take of the quota by default; the rest is left to clients that connect and send meanwhile."""

DECREASE_FACTOR = 0.7
"""What is left of the rate when the account is throttled."""
DECREASE_PAUSE_SECONDS = 0.25
"""How long one narrowing is given to show before the next: the answers to what was under way are old news."""
INCREASE_PER_SECOND = 0.05
"""How much of the full rate comes back with each second."""

TICK_SECONDS = 0.005
"""How often leave is given: for fifty posts at a time, at the full rate. They are then written one after the other and
their answers read likewise. A post at a time, as leave comes up, takes half as much CPU again: each wakes the process.
"""


class Pacer(Gate):
    """A token bucket whose rate follows what the service takes: additive increase, multiplicative decrease.

    The quota is shared with whatever else the account does, and nobody tells how much of it is free: 429 is the only
    sign, and `Throttling` says when it is one. Times are on the scale of `time.monotonic()`, in seconds.
    """

    def __init__(self, *, rate: float = QUOTA_RATE * SHARE, burst: float = QUOTA_BURST * SHARE) -> None:
        self._full_rate = self.rate = rate
        self._full_burst = burst
        self._tokens = burst
        self._filled = -math.inf
        self._decreased = -math.inf

    def available(self, now: float) -> int:
        """Return how many posts may be made at this moment."""
        self._fill(now)
        return int(self._tokens)

    def take(self, now: float) -> bool:
        """Take the leave for a post, if it may be made at this moment."""
        # The bucket is looked after when it seems empty, not for each post.
        if self._tokens < 1.0:
            self._fill(now)
            if self._tokens < 1.0:
                return False
        self._tokens -= 1.0
        return True

    def release(self) -> None:
        """Take it that the post was not made."""
        self._tokens += 1.0

    def next_refill(self) -> float:
        """Return when posts may be made again, once `available` has told that none may."""
        return self._filled + max(TICK_SECONDS, (1.0 - self._tokens) / self.rate)

    def decrease(self, now: float) -> None:
        """Learn that the account is throttled: post at a slower rate, and nothing at once."""
        self._fill(now)
        self._tokens = min(self._tokens, 0.0)
        if now - self._decreased >= DECREASE_PAUSE_SECONDS:
            self._decreased = now
            self.rate = max(self.rate * DECREASE_FACTOR, self._full_rate / 1000)

    def _fill(self, now: float) -> None:
        passed = now - self._filled
        if passed < TICK_SECONDS:
            return
        self._filled = now
        if passed == math.inf:
            return
        self._tokens = min(self._full_burst, self._tokens + passed * self.rate)
        self.rate = min(self._full_rate, self.rate + passed * INCREASE_PER_SECOND * self._full_rate)
