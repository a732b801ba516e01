"""What every `RoomHistory` promises."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import pytest

from chat_core.domain.connection import ClientInfo
from chat_core.domain.events import MessagePublished
from chat_core.errors import Unavailable
from chat_core.ports import RoomHistory
from tests.contract.test_sessions import INFOS
from tests.support.stores import Stores

HOUR = 3600


def message(offset: int, data: object = "hi", *, time: float = 1_800_000_000.0) -> MessagePublished:
    return MessagePublished(room="one", data=data, offset=offset, time=time)


async def record(history: RoomHistory, *offsets: int, epoch: str = "e", room: str = "one") -> None:
    messages = [MessagePublished(room=room, data=f"m{each}", offset=each, time=1_800_000_000.5) for each in offsets]
    await history.record(room, messages, epoch=epoch, ttl=HOUR)


async def offsets(
    history: RoomHistory,
    first: int = 1,
    last: int = 10**15,
    *,
    limit: int = 10_000,
    reverse: bool = False,
    epoch: str = "e",
    room: str = "one",
) -> Sequence[int]:
    read = await history.read(room, epoch=epoch, first=first, last=last, limit=limit, reverse=reverse)
    return [each.offset for each in read]


@pytest.mark.parametrize("data", INFOS, ids=repr)
async def test_message_comes_out_as_it_went_in(history: RoomHistory, data: object) -> None:
    """Whoever comes back receives what the others have received."""
    info = ClientInfo(user="ada", client="c", conn_info=data, chan_info=data)
    kept = MessagePublished(
        room="one", data=data, publisher=info, offset=7, time=1_800_000_000.125, tags={"lang": "ünï", "": ""}
    )
    await history.record("one", [kept], epoch="e", ttl=HOUR)
    assert list(await history.read("one", epoch="e", first=1, last=9, limit=9)) == [kept]


async def test_messages_are_read_by_range_in_both_directions(history: RoomHistory) -> None:
    """From the first one on, or from the last one back; in the order of their offsets, past ten and a hundred too."""
    await record(history, *range(1, 121))
    assert await offsets(history, 5, 8) == [5, 6, 7, 8]
    assert await offsets(history, 5, 8, reverse=True) == [8, 7, 6, 5]
    assert await offsets(history, 95, 200, limit=3) == [95, 96, 97]
    assert await offsets(history, 1, 200, limit=3, reverse=True) == [120, 119, 118]
    assert await offsets(history) == list(range(1, 121))
    assert await offsets(history, 3, 3) == [3]


@pytest.mark.parametrize(("first", "last", "limit"), [(9, 5, 9), (1, 9, 0), (200, 300, 9), (-9, -1, 9)])
async def test_range_with_nothing_in_it_is_empty(history: RoomHistory, first: int, last: int, limit: int) -> None:
    """And no error."""
    await record(history, *range(1, 10))
    assert await offsets(history, first, last, limit=limit) == []
    assert await offsets(history, first, last, limit=limit, reverse=True) == []


@pytest.mark.parametrize("far", [2**63 - 1, 2**64, 10**30])
async def test_offsets_may_be_absurd(history: RoomHistory, far: int) -> None:
    """Clients name them."""
    await record(history, 1, 2)
    assert await offsets(history, -far, far, limit=far) == [1, 2]
    assert await offsets(history, far, far) == []
    assert await offsets(history, -far, -far) == []


async def test_recording_again_changes_nothing(history: RoomHistory) -> None:
    """A deliverer that took a turn over records the same messages."""
    await record(history, 1, 2, 3)
    await record(history, 2, 3, 4)
    await record(history, 4, 4)
    await record(history)
    read = await history.read("one", epoch="e", first=1, last=9, limit=9)
    assert [(each.offset, each.data) for each in read] == [(i, f"m{i}") for i in range(1, 5)]


async def test_messages_of_another_epoch_are_never_read(history: RoomHistory) -> None:
    """A stream that was lost begins again at 1: what is left of the earlier one is none of its past."""
    await record(history, *range(1, 31), epoch="old")
    await record(history, 1, 2, epoch="new")
    assert await offsets(history, epoch="new") == [1, 2]
    assert await offsets(history, epoch="new", reverse=True, limit=5) == [2, 1]
    assert await offsets(history, epoch="never") == []


async def test_rooms_are_separate(history: RoomHistory) -> None:
    """Whatever their names."""
    for room in ("one", "one#e", "log#one"):
        await record(history, 1, room=room)
    await record(history, 2, room="one#e")
    await history.clear("one")
    assert await offsets(history) == []
    assert await offsets(history, room="one#e") == [1, 2]
    assert await offsets(history, room="log#one") == [1]


async def test_clearing_forgets_everything(history: RoomHistory) -> None:
    """Of all epochs, and more than DynamoDB deletes at once; an empty room is no error."""
    await record(history, *range(1, 61))
    await record(history, 1, epoch="old")
    await history.clear("one")
    await history.clear("one")
    assert await offsets(history) == []
    assert await offsets(history, epoch="old") == []


async def test_large_messages_are_all_read(history: RoomHistory) -> None:
    """DynamoDB answers a megabyte at a time, and takes no more than 25 at once."""
    messages = [message(offset, f"{offset}" * 20_000) for offset in range(10, 40)]
    await history.record("one", messages, epoch="e", ttl=HOUR)
    assert list(await history.read("one", epoch="e", first=1, last=99, limit=99)) == messages
    back = await history.read("one", epoch="e", first=1, last=99, limit=28, reverse=True)
    assert list(back) == messages[::-1][:28]


async def test_recording_side_by_side_keeps_all(history: RoomHistory) -> None:
    """A turn that is taken over may be recorded by two at once."""
    await asyncio.gather(*(record(history, *range(at, at + 10)) for at in range(1, 30, 5)))
    assert await offsets(history) == list(range(1, 36))


CALLS: dict[str, Callable[[RoomHistory, float], Awaitable[object]]] = {
    "record": lambda port, deadline: port.record("one", [message(1)], epoch="e", ttl=9, deadline=deadline),
    "record several": lambda port, deadline: port.record(
        "one", [message(1), message(2)], epoch="e", ttl=9, deadline=deadline
    ),
    "read": lambda port, deadline: port.read("one", epoch="e", first=1, last=9, limit=9, deadline=deadline),
    "clear": lambda port, deadline: port.clear("one", deadline=deadline),
}


@pytest.mark.parametrize("call", CALLS)
async def test_what_cannot_be_reached_is_unavailable(broken_stores: Stores, call: str) -> None:
    """The messages stay on the feed then."""
    with pytest.raises(Unavailable):
        await CALLS[call](broken_stores.history, time.monotonic() + 60)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("seconds", [0.2, -1.0], ids=["soon", "over"])
async def test_what_does_not_answer_is_unavailable_at_the_deadline(
    hanging_stores: Stores, call: str, seconds: float
) -> None:
    """Before the function that asked is stopped; a store by itself waits far longer."""
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable):
            await CALLS[call](hanging_stores.history, time.monotonic() + seconds)


async def test_time_that_is_left_changes_nothing(history: RoomHistory) -> None:
    """Every method takes a deadline, and is done long before it."""
    deadline = time.monotonic() + 60
    for call in CALLS.values():
        await call(history, deadline)
    assert await offsets(history) == []
