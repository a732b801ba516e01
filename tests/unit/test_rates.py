"""What a rate is made of, and the limiter that keeps it in memory."""

import pytest

from adapters.memory import MemoryRateLimiter
from chat_core import Rate
from tests.support.rates import INTERVAL, RATE, Clock


@pytest.mark.parametrize(("per_second", "burst"), [(0, 1), (-1, 1), (float("nan"), 1), (1, 0)])
def test_rate_that_lets_nothing_through_is_a_mistake(per_second: float, burst: int) -> None:
    """Whoever wants no bound gives no limiter."""
    with pytest.raises(ValueError, match="more than 0 a second"):
        Rate(per_second=per_second, burst=burst)


async def test_senders_that_have_been_quiet_take_no_memory() -> None:
    """A service runs for months, and every connection is a sender."""
    clock = Clock()
    limiter = MemoryRateLimiter(RATE, clock=clock)
    for number in range(10_000):
        clock.now += INTERVAL
        assert await limiter.admit(sender=str(number))
    assert len(limiter._due) <= 1000
