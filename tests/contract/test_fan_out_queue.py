"""What every `FanOutQueue` promises."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from adapters.sqs import SqsFanOutQueue
from chat_core import FanOut, FanOutQueue, Format, Unavailable


def fan_out(data: object = "hi", after: str = "c9") -> FanOut:
    return FanOut(id="f1", room="lobby", sender="c0", data=data, after=after)


@pytest.mark.parametrize(
    "data",
    ["hi", "", {"a": [1, None, 2.5]}, 12345678901234567890, "ünïcödé 🖖 \u2028\ufffe\uffff\x00\x1b", "x" * 131_000],
    ids=["text", "empty", "object", "large number", "odd characters", "as large as can be sent"],
)
async def test_what_is_handed_on_comes_out_as_it_went_in(
    queue_and_take: tuple[FanOutQueue, Callable[[], list[FanOut]]], data: object
) -> None:
    """A worker delivers what the sender said."""
    queue, take = queue_and_take
    await queue.hand_on(fan_out(data))
    assert take() == [fan_out(data)]


async def test_members_keep_their_formats(queue_and_take: tuple[FanOutQueue, Callable[[], list[FanOut]]]) -> None:
    """Each is spoken to as it reads."""
    queue, take = queue_and_take
    named = replace(fan_out(), members={Format.PLAIN: ["a", "b"], Format.JSON: ["c"]})
    await queue.hand_on(named)
    (found,) = take()
    assert found == named
    assert all(isinstance(each, Format) for each in found.members or ())


async def test_every_one_that_is_handed_on_comes_out(
    queue_and_take: tuple[FanOutQueue, Callable[[], list[FanOut]]],
) -> None:
    """In any order."""
    queue, take = queue_and_take
    for i in range(12):
        await queue.hand_on(fan_out(after=f"c{i}"))
    assert {each.after for each in take()} == {f"c{i}" for i in range(12)}


async def test_what_cannot_be_handed_on_is_unavailable(broken_queue: FanOutQueue) -> None:
    """The sender goes on by itself then."""
    with pytest.raises(Unavailable):
        await broken_queue.hand_on(fan_out())


async def test_what_does_not_answer_is_unavailable_at_the_deadline(hanging_queue: FanOutQueue) -> None:
    """There is time left to go on by oneself, or to say that nothing came of it."""
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable):
            await hanging_queue.hand_on(fan_out(), deadline=time.monotonic() + 0.2)


async def test_time_that_is_left_changes_nothing(
    queue_and_take: tuple[FanOutQueue, Callable[[], list[FanOut]]],
) -> None:
    """Handing on takes a deadline, and is done long before it."""
    queue, take = queue_and_take
    await queue.hand_on(fan_out(), deadline=time.monotonic() + 60)
    assert take() == [fan_out()]


async def test_message_that_cannot_be_kept_in_time_is_unavailable(hanging_queue: FanOutQueue) -> None:
    """SQS's alone: a worker that waits for it does not deliver."""
    assert isinstance(hanging_queue, SqsFanOutQueue)
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable):
            await hanging_queue.extend("receipt", seconds=60, deadline=time.monotonic() + 0.2)
