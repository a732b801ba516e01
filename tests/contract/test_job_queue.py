"""What every `JobQueue` promises."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from chat_core import DeliveryJob, JobQueue, MessagePublished, Recipients, RestOfRoom, Unavailable


def job(data: object = "hi", cursor: str = "c9") -> DeliveryJob:
    event = MessagePublished(room="one", sender="c0", data=data)
    return DeliveryJob(id="j1", event=event, target=RestOfRoom(cursor=cursor), hand_offs=3)


@pytest.mark.parametrize(
    "data",
    ["hi", "", {"a": [1, None, 2.5]}, 12345678901234567890, "ünïcödé 🖖 \u2028\ufffe\uffff\x00\x1b", "x" * 131_000],
    ids=["text", "empty", "object", "large number", "odd characters", "as large as can be sent"],
)
async def test_job_comes_out_as_it_went_in(
    queue_and_take: tuple[JobQueue, Callable[[], list[DeliveryJob]]], data: object
) -> None:
    """A worker delivers what the sender said."""
    queue, take = queue_and_take
    await queue.put(job=job(data))
    assert take() == [job(data)]


async def test_recipients_keep_their_codecs(
    queue_and_take: tuple[JobQueue, Callable[[], list[DeliveryJob]]],
) -> None:
    """Each receives what it can read."""
    queue, take = queue_and_take
    named = replace(job(), target=Recipients(ids={"plain": ["a", "b"], "newer": ["c"]}))
    await queue.put(job=named)
    assert take() == [named]


async def test_every_job_comes_out(
    queue_and_take: tuple[JobQueue, Callable[[], list[DeliveryJob]]],
) -> None:
    """In any order."""
    queue, take = queue_and_take
    for i in range(12):
        await queue.put(job=job(cursor=f"c{i}"))
    targets = {each.target for each in take()}
    assert {each.cursor for each in targets if isinstance(each, RestOfRoom)} == {f"c{i}" for i in range(12)}


async def test_job_that_cannot_be_put_is_unavailable(broken_queue: JobQueue) -> None:
    """The sender continues by itself then."""
    with pytest.raises(Unavailable):
        await broken_queue.put(job=job())


async def test_what_does_not_answer_is_unavailable_at_the_deadline(hanging_queue: JobQueue) -> None:
    """There is time left for continuing without the queue, or for reporting the failure."""
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable):
            await hanging_queue.put(job=job(), deadline=time.monotonic() + 0.2)


async def test_time_that_is_left_changes_nothing(
    queue_and_take: tuple[JobQueue, Callable[[], list[DeliveryJob]]],
) -> None:
    """Putting takes a deadline, and is done long before it."""
    queue, take = queue_and_take
    await queue.put(job=job(), deadline=time.monotonic() + 60)
    assert take() == [job()]
