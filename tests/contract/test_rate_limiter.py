"""What every `RateLimiter` promises."""

import asyncio
import time

import pytest

from chat_core import RateLimiter, Unavailable
from tests.support.rates import BURST, INTERVAL, Clock


async def test_a_burst_is_admitted_and_no_more(limiter: RateLimiter) -> None:
    """After a pause, which a sender that was never heard of has had."""
    assert [await limiter.admit(sender="a") for _ in range(BURST + 2)] == [True] * BURST + [False] * 2


async def test_each_sender_has_a_rate_of_its_own(limiter: RateLimiter) -> None:
    """One that floods costs nobody else a message."""
    for _ in range(BURST + 1):
        await limiter.admit(sender="a")
    assert await limiter.admit(sender="b")


async def test_messages_become_due_one_after_the_other(limiter: RateLimiter, clock: Clock) -> None:
    """What was refused is not held against the sender."""
    for _ in range(BURST + 5):
        await limiter.admit(sender="a")
    for _ in range(3):
        clock.now += INTERVAL
        assert [await limiter.admit(sender="a") for _ in range(2)] == [True, False]


async def test_a_pause_gives_the_burst_back_and_no_more(limiter: RateLimiter, clock: Clock) -> None:
    """However long the pause."""
    for _ in range(BURST):
        await limiter.admit(sender="a")
    clock.now += 1000 * INTERVAL
    assert [await limiter.admit(sender="a") for _ in range(BURST + 1)] == [True] * BURST + [False]


async def test_of_those_that_come_at_once_a_burst_is_admitted(limiter: RateLimiter, other: RateLimiter) -> None:
    """Whoever counts them: functions run side by side."""
    admitted = await asyncio.gather(*(each.admit(sender="a") for each in (limiter, other) for _ in range(BURST)))
    assert sum(admitted) == BURST


async def test_sender_that_is_in_no_room_has_a_rate_too(limiter: RateLimiter, clock: Clock) -> None:
    """Its connection may have ended meanwhile, and is not brought back by that."""
    for _ in range(2):
        assert [await limiter.admit(sender="nobody") for _ in range(BURST + 1)] == [True] * BURST + [False]
        clock.now += BURST * INTERVAL


async def test_what_cannot_be_reached_is_unavailable(broken_limiter: RateLimiter) -> None:
    """The message can be sent again."""
    with pytest.raises(Unavailable):
        await broken_limiter.admit(sender="a")


async def test_what_does_not_answer_is_unavailable_at_the_deadline(hanging_limiter: RateLimiter) -> None:
    """There is time left to tell the sender."""
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable):
            await hanging_limiter.admit(sender="a", deadline=time.monotonic() + 0.2)
