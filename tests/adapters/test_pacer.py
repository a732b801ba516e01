"""The pace of posts against a quota, in simulated time."""

import heapq
import random
from dataclasses import dataclass, field

import pytest

from adapters.apigateway import Pacer
from adapters.apigateway.throttling import Throttling

RATE, BURST = 10_000.0, 5_000.0
LATENCY_SECONDS = 0.015
BACKOFF_SECONDS = 0.05


@dataclass
class Quota:
    """API Gateway's token bucket, from which other clients take at a constant rate."""

    others: float = 0.0
    tokens: float = BURST
    filled: float = 0.0

    def take(self, now: float) -> bool:
        self.tokens = min(BURST, self.tokens + (now - self.filled) * (RATE - self.others))
        self.filled = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass
class Sender:
    """Posts to a number of connections, to each until the post is accepted."""

    left: int
    pacer: Pacer = field(default_factory=Pacer)
    delivered: int = 0
    throttled: int = 0
    done_at: float = 0.0
    throttling: Throttling = field(default_factory=Throttling)
    waiting: list[tuple[float, int]] = field(default_factory=list)
    """When throttled posts are due again, and for which member."""
    answers: list[tuple[float, int, bool]] = field(default_factory=list)
    """When answers arrive, for which member, and whether they are 200."""

    def step(self, now: float, quota: Quota, chance: random.Random) -> None:
        self.throttling.roll(now)
        while self.answers and self.answers[0][0] <= now:
            _, member, taken = heapq.heappop(self.answers)
            if taken:
                self.delivered += 1
                self.done_at = now
                self.throttling.accepted += 1
                self.throttling.reset(str(member))
            else:
                self.throttled += 1
                self.throttling.refused(str(member))
                if self.throttling.is_account_throttled:
                    self.pacer.decrease(now)
                heapq.heappush(self.waiting, (now + chance.uniform(0, BACKOFF_SECONDS), member))
        while self.left or (self.waiting and self.waiting[0][0] <= now):
            if not self.pacer.take(now):
                break
            if self.waiting and self.waiting[0][0] <= now:
                _, member = heapq.heappop(self.waiting)
            else:
                member = self.left
                self.left -= 1
            heapq.heappush(self.answers, (now + LATENCY_SECONDS, member, quota.take(now)))

    @property
    def is_done(self) -> bool:
        return not (self.left or self.waiting or self.answers)


def run(senders: list[Sender], quota: Quota, *, seconds: float = 1_000) -> None:
    """Let the senders send until they are done or the time is over."""
    chance = random.Random(1)
    now = 0.0
    while now < seconds and not all(sender.is_done for sender in senders):
        for sender in chance.sample(senders, len(senders)):
            sender.step(now, quota, chance)
        now += 0.001


@pytest.mark.parametrize("recipients", [10_000, 100_000, 1_000_000])
def test_broadcast_takes_at_most_a_tenth_longer_than_the_quota_allows(recipients: int) -> None:
    """The bucket and its rate allow 0.5 s, 9.5 s and 99.5 s, and nothing is refused."""
    sender = Sender(recipients)
    run([sender], Quota())
    floor = (recipients - BURST) / RATE
    assert sender.delivered == recipients
    assert sender.done_at <= 1.1 * floor + LATENCY_SECONDS
    assert sender.throttled == 0


def test_quota_that_others_use_is_detected_and_left_to_them() -> None:
    """Most of the free quota is used, and few posts are refused."""
    sender = Sender(200_000)
    run([sender], Quota(others=6_000))
    floor = (200_000 - BURST) / 4_000
    assert sender.delivered == 200_000
    assert sender.done_at <= 1.35 * floor
    assert sender.throttled <= 0.05 * 200_000


def test_quota_that_becomes_free_is_used() -> None:
    """The rate rises again."""
    quota = Quota(others=8_000)
    sender = Sender(200_000)
    run([sender], quota, seconds=10)
    quota.others = 0
    before = sender.delivered
    chance = random.Random(2)
    for step in range(30_000):
        sender.step(10 + step / 1000, quota, chance)
    assert sender.pacer.rate > 0.9 * RATE
    assert sender.delivered - before > 150_000


def test_two_functions_share_the_quota() -> None:
    """Neither starves, although they do not communicate."""
    both = [Sender(100_000), Sender(100_000)]
    run(both, Quota(), seconds=15)
    counts = sorted(sender.delivered for sender in both)
    assert counts[0] > 0.6 * counts[1]
    assert sum(counts) > 0.7 * (BURST + 15 * RATE)
    assert sum(sender.throttled for sender in both) < 0.08 * sum(counts)


def test_pacer_that_was_idle_has_its_burst_and_no_more() -> None:
    """The time for which a function was frozen makes no difference."""
    pacer = Pacer(rate=100, burst=50)
    assert pacer.available(0.0) == 50
    assert pacer.available(1e9) == 50


def test_permits_are_refilled_at_each_tick() -> None:
    """Each tick wakes the process once; single permits would wake it for each post."""
    pacer = Pacer(rate=10_000, burst=5_000)
    assert all(pacer.take(0.0) for _ in range(5_000))
    assert pacer.available(0.0) == 0
    due = pacer.next_refill()
    assert not pacer.take(0.004)
    assert pacer.available(due) == pytest.approx(50, abs=1)


def test_next_refill_is_when_there_is_a_permit_at_the_slowest_rate_too() -> None:
    """Waking earlier would be useless."""
    pacer = Pacer(rate=2, burst=1)
    assert pacer.take(0.0)
    assert pacer.available(0.0) == 0
    due = pacer.next_refill()
    assert not pacer.take(due - 0.01)
    assert pacer.take(due + 0.001)
