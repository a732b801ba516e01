"""What every `FanOutProgress` promises."""

import asyncio
import time

import pytest

from chat_core import FanOutProgress, Position, Unavailable


async def test_fan_out_that_nobody_moved_has_no_position(progress: FanOutProgress) -> None:
    """Whoever takes it up begins where the fan-out itself says."""
    assert await progress.position(fan_out="f1") is None


async def test_position_is_where_it_was_moved(progress: FanOutProgress) -> None:
    """To the end, which is a position as well; and each fan-out has its own."""
    for position in (Position(step=1, after="c5"), Position(step=2, after="c9"), Position(step=3, after=None)):
        assert await progress.move(fan_out="f1", to=position)
        assert await progress.position(fan_out="f1") == position
    assert await progress.position(fan_out="f2") is None


async def test_of_two_that_move_from_the_same_step_one_is_told_that_it_did(progress: FanOutProgress) -> None:
    """Even if both have come to the same place: the other one must stop."""
    moves = [progress.move(fan_out="f1", to=Position(step=1, after="c5")) for _ in range(5)]
    assert sorted(await asyncio.gather(*moves)) == [False] * 4 + [True]
    assert not await progress.move(fan_out="f1", to=Position(step=1, after="c7"))
    assert not await progress.move(fan_out="f1", to=Position(step=3, after="c7"))
    assert await progress.position(fan_out="f1") == Position(step=1, after="c5")


async def test_what_cannot_be_reached_is_unavailable(broken_progress: FanOutProgress) -> None:
    """The fan-out is tried again later."""
    with pytest.raises(Unavailable):
        await broken_progress.position(fan_out="f1")
    with pytest.raises(Unavailable):
        await broken_progress.move(fan_out="f1", to=Position(step=1, after=None))


async def test_what_does_not_answer_is_unavailable_at_the_deadline(hanging_progress: FanOutProgress) -> None:
    """A worker that waited longer would be stopped, and would not have said why."""
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable):
            await hanging_progress.position(fan_out="f1", deadline=time.monotonic() + 0.2)
        with pytest.raises(Unavailable):
            await hanging_progress.move(fan_out="f1", to=Position(step=1, after=None), deadline=time.monotonic() + 0.2)


async def test_time_that_is_left_changes_nothing(progress: FanOutProgress) -> None:
    """Both methods take a deadline, and are done long before it."""
    deadline = time.monotonic() + 60
    assert await progress.move(fan_out="f1", to=Position(step=1, after="c5"), deadline=deadline)
    assert await progress.position(fan_out="f1", deadline=deadline) == Position(step=1, after="c5")
