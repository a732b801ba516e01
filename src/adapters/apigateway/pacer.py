"""A limit on the rate of posts, which keeps the account's quota.

API Gateway lets an account make 10,000 requests a second in a region, with a bucket of 5,000 for bursts, for all of its
APIs together; posts to connections count as requests (AWS, "Amazon API Gateway quotas"). Any others get a 429.
"""

import math

from aws_client import Gate

QUOTA_RATE = 10_000.0
"""Requests a second."""
QUOTA_BURST = 5_000.0
SHARE = 0.97
"""The part of the quota that posts use by default; the rest is for clients that connect and send meanwhile."""

DECREASE_FACTOR = 0.7
"""The multiplicative decrease: the rate is multiplied by this when the account is throttled."""
DECREASE_PAUSE_SECONDS = 0.25
"""The least time between two decreases: the answers to posts under way say nothing about the new rate."""
INCREASE_PER_SECOND = 0.05
"""The additive increase: the part of the full rate that is regained each second."""

TICK_SECONDS = 0.005
"""How often permits are refilled: fifty at a time, at the full rate. The posts are then written together and their
answers read together. Single permits would cost half as much CPU again (measured), since each would wake the process.
"""


class Pacer(Gate):
    """A token bucket whose rate adapts to the service: additive increase, multiplicative decrease.

    The quota is shared with everything else that the account does, and no API reports how much of it is free. The only
    sign is a 429, and `Throttling` decides when it is one. Times are on the scale of `time.monotonic()`, in seconds.
    """

    def __init__(self, *, rate: float = QUOTA_RATE * SHARE, burst: float = QUOTA_BURST * SHARE) -> None:
        self._full_rate = self.rate = rate
        self._full_burst = burst
        self._tokens = burst
        self._filled = -math.inf
        self._decreased = -math.inf

    def available(self, now: float) -> int:
        """Return how many permits are available now."""
        self._fill(now)
        return int(self._tokens)

    def take(self, now: float) -> bool:
        """Take the permit for a post; return False if none is available now."""
        # The bucket is refilled when it seems empty, not for each post.
        if self._tokens < 1.0:
            self._fill(now)
            if self._tokens < 1.0:
                return False
        self._tokens -= 1.0
        return True

    def release(self) -> None:
        """Return a permit whose post was not made."""
        self._tokens += 1.0

    def next_refill(self) -> float:
        """Return when permits become available, after `available` has returned 0."""
        return self._filled + max(TICK_SECONDS, (1.0 - self._tokens) / self.rate)

    def decrease(self, now: float) -> None:
        """Lower the rate and drop the permits, because the account is throttled."""
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
