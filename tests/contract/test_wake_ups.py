"""What every `WakeUps` promises."""

import asyncio
import time

import pytest

from chat_core.errors import Unavailable
from chat_core.ports import WakeUps
from tests.contract.conftest import WakeUpsAndTake


@pytest.mark.parametrize("room", ["lobby", "*", "chat:" + "x" * 250, "a room #1?\"\\'&"])
async def test_wake_up_names_its_room(wake_ups_and_take: WakeUpsAndTake, room: str) -> None:
    """A worker has nothing else to go by."""
    wake_ups, take = wake_ups_and_take
    await wake_ups.send(room)
    assert take() == [room]


async def test_every_wake_up_comes(wake_ups_and_take: WakeUpsAndTake) -> None:
    """In any order; for one room as often as it was sent."""
    wake_ups, take = wake_ups_and_take
    rooms = [f"r{i % 8}" for i in range(12)]
    for room in rooms:
        await wake_ups.send(room)
    assert sorted(take()) == sorted(rooms)


async def test_what_cannot_be_sent_is_unavailable(broken_wake_ups: WakeUps) -> None:
    """Whoever sends it must not rely on it then."""
    with pytest.raises(Unavailable):
        await broken_wake_ups.send("one")


async def test_what_does_not_answer_is_unavailable_at_the_deadline(hanging_wake_ups: WakeUps) -> None:
    """There is time left for telling the sender so."""
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable):
            await hanging_wake_ups.send("one", deadline=time.monotonic() + 0.2)


async def test_time_that_is_left_changes_nothing(wake_ups_and_take: WakeUpsAndTake) -> None:
    """Sending takes a deadline, and is done long before it."""
    wake_ups, take = wake_ups_and_take
    await wake_ups.send("one", deadline=time.monotonic() + 60)
    assert take() == ["one"]
