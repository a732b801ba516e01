"""What every `CheckpointStore` promises."""

import asyncio
import time

import pytest

from chat_core import Checkpoint, CheckpointStore, Unavailable


async def test_job_that_was_never_advanced_has_no_checkpoint(checkpoints: CheckpointStore) -> None:
    """A worker begins where the job itself says."""
    assert await checkpoints.load(job_id="f1") is None


async def test_checkpoint_is_the_last_one_that_was_stored(checkpoints: CheckpointStore) -> None:
    """The end of a job is one as well, and each job has its own."""
    for checkpoint in (
        Checkpoint(version=1, cursor="c5"),
        Checkpoint(version=2, cursor="c9"),
        Checkpoint(version=3, cursor=None),
    ):
        assert await checkpoints.advance(job_id="f1", to=checkpoint)
        assert await checkpoints.load(job_id="f1") == checkpoint
    assert await checkpoints.load(job_id="f2") is None


async def test_of_two_that_advance_from_the_same_version_one_succeeds(checkpoints: CheckpointStore) -> None:
    """Even if both have come to the same cursor: the other worker must stop."""
    attempts = [checkpoints.advance(job_id="f1", to=Checkpoint(version=1, cursor="c5")) for _ in range(5)]
    assert sorted(await asyncio.gather(*attempts)) == [False] * 4 + [True]
    assert not await checkpoints.advance(job_id="f1", to=Checkpoint(version=1, cursor="c7"))
    assert not await checkpoints.advance(job_id="f1", to=Checkpoint(version=3, cursor="c7"))
    assert await checkpoints.load(job_id="f1") == Checkpoint(version=1, cursor="c5")


async def test_what_cannot_be_reached_is_unavailable(broken_checkpoints: CheckpointStore) -> None:
    """The job is tried again later."""
    with pytest.raises(Unavailable):
        await broken_checkpoints.load(job_id="f1")
    with pytest.raises(Unavailable):
        await broken_checkpoints.advance(job_id="f1", to=Checkpoint(version=1, cursor=None))


async def test_what_does_not_answer_is_unavailable_at_the_deadline(hanging_checkpoints: CheckpointStore) -> None:
    """A worker that waited longer would be stopped, and would not have said why."""
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable):
            await hanging_checkpoints.load(job_id="f1", deadline=time.monotonic() + 0.2)
        with pytest.raises(Unavailable):
            await hanging_checkpoints.advance(
                job_id="f1", to=Checkpoint(version=1, cursor=None), deadline=time.monotonic() + 0.2
            )


async def test_time_that_is_left_changes_nothing(checkpoints: CheckpointStore) -> None:
    """Both methods take a deadline, and are done long before it."""
    deadline = time.monotonic() + 60
    assert await checkpoints.advance(job_id="f1", to=Checkpoint(version=1, cursor="c5"), deadline=deadline)
    assert await checkpoints.load(job_id="f1", deadline=deadline) == Checkpoint(version=1, cursor="c5")
