"""What every `Lease` promises."""

import asyncio
import time
from collections.abc import Callable

import pytest

from chat_core import Lease, Unavailable


async def test_job_stays_with_its_worker_while_the_lease_is_extended(
    lease_and_others: tuple[Lease, Callable[[float], bool]],
) -> None:
    """Another worker that took it meanwhile would deliver the same chunk."""
    lease, another_can_take_it = lease_and_others
    for _ in range(3):
        await lease.extend(deadline=time.monotonic() + 60)
        assert not await asyncio.to_thread(another_can_take_it, 0.8)


async def test_job_goes_to_another_worker_once_the_lease_has_run_out(
    lease_and_others: tuple[Lease, Callable[[float], bool]],
) -> None:
    """A worker that died extends no more."""
    lease, another_can_take_it = lease_and_others
    await lease.extend()
    assert await asyncio.to_thread(another_can_take_it, 20.0)


async def test_lease_that_cannot_be_reached_is_unavailable(broken_lease: Lease) -> None:
    """The worker knows that it may not be alone."""
    with pytest.raises(Unavailable):
        await broken_lease.extend()


async def test_what_does_not_answer_is_unavailable_at_the_deadline(hanging_lease: Lease) -> None:
    """A worker that waits for its lease does not deliver."""
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable):
            await hanging_lease.extend(deadline=time.monotonic() + 0.2)
