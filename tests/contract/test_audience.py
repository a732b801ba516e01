"""What every `Audience` promises."""

import asyncio
import time

import pytest

from chat_core.domain.connection import AudiencePage, Connection, Waiting
from chat_core.domain.room import LOBBY
from chat_core.errors import Unavailable
from tests.support.members import activated, active, joined, opened, waiting
from tests.support.stores import Stores


def ids_of(page: AudiencePage) -> list[str]:
    return [each for ids in page.groups.values() for each in ids]


async def test_empty_room_has_no_pages(stores: Stores) -> None:
    """Nobody is no error."""
    assert [page async for page in stores.audience.pages("nobody")] == []


async def test_room_that_everyone_has_left_has_no_pages(stores: Stores) -> None:
    """However they left."""
    connections = [Connection(id=each, codec="rich") for each in ("a", "b", "c")]
    await opened(stores, *connections)
    for each in connections:
        await activated(stores, "one", each)
    await stores.subscriptions.leave("one", "a", command=2)
    await stores.subscriptions.drop("one", ["b"])
    await stores.sessions.close(["c"])
    assert [page async for page in stores.audience.pages("one")] == []


async def test_every_page_of_a_large_room_is_read(stores: Stores) -> None:
    """The samples that people copy read the first megabyte of the table, and lose everyone after it."""
    ids = [f"c{i:04}" for i in range(1200)]
    await stores.fill(ids)
    pages = [page async for page in stores.audience.pages(LOBBY)]
    assert len(pages) > 1
    assert all(len(page) == len(ids_of(page)) > 0 for page in pages)
    assert sorted(each for page in pages for each in ids_of(page)) == ids


async def test_reading_goes_on_after_any_page(stores: Stores) -> None:
    """Elsewhere and later, even if the last member of the page has left: nobody is missed and nobody read twice."""
    ids = [f"c{i:04}" for i in range(1200)]
    await stores.fill(ids)
    first = await anext(stores.audience.pages(LOBBY))
    await stores.sessions.close([first.next_cursor])
    read = ids_of(first)
    async for page in stores.audience.pages(LOBBY, cursor=first.next_cursor):
        read += ids_of(page)
    assert sorted(read) == ids


async def test_reading_after_the_last_page_finds_nobody(stores: Stores) -> None:
    """A deliverer that took a turn over may find everyone served."""
    await stores.fill(["a", "b"])
    (page,) = [page async for page in stores.audience.pages(LOBBY)]
    assert [page async for page in stores.audience.pages(LOBBY, cursor=page.next_cursor)] == []


async def test_member_that_waits_is_counted_and_named_apart(stores: Stores) -> None:
    """The cursor goes on after it as well."""
    connections = [Connection(id=each, codec="rich") for each in ("a", "b", "c")]
    await opened(stores, *connections)
    for each in connections[:2]:
        await activated(stores, "one", each)
    since = stores.clock.now
    await joined(stores, "one", connections[2])
    await stores.subscriptions.miss("one", ["b"], offset=3)
    (page,) = [page async for page in stores.audience.pages("one")]
    assert len(page) == 3
    assert ids_of(page) == ["a"]
    assert sorted(page.waiting) == [Waiting("b", "rich", None, 3), Waiting("c", "rich", since, None)]
    assert [page async for page in stores.audience.pages("one", cursor="c")] == []


async def test_memberships_that_ended_long_ago_leave_the_others_alone(stores: Stores) -> None:
    """What reading does about them must not touch who has joined again meanwhile."""
    connections = [Connection(id=f"c{i:02}", codec="rich") for i in range(40)]
    for each in connections:
        await opened(stores, each)
        await activated(stores, "one", each)
    for each in connections[:-1]:
        await stores.subscriptions.leave("one", each.id, command=2)
    stores.clock.now += 10 * 60
    reading = stores.audience.pages("one")
    first = await anext(reading)
    assert ids_of(first) == ["c39"]
    for each in connections[:10]:
        await activated(stores, "one", each, command=3)
    assert [page async for page in reading] == []
    for _ in range(3):
        assert await active(stores, "one") == sorted([each.id for each in connections[:10]] + ["c39"])


async def test_what_cannot_be_reached_is_unavailable(broken_stores: Stores) -> None:
    """A use case can tell its client to try again, whatever the store is made of."""
    with pytest.raises(Unavailable):
        await anext(broken_stores.audience.pages(LOBBY))


@pytest.mark.parametrize("seconds", [0.2, -1.0], ids=["soon", "over"])
async def test_what_does_not_answer_is_unavailable_at_the_deadline(hanging_stores: Stores, seconds: float) -> None:
    """Before the function that asked is stopped; a store by itself waits far longer."""
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable):
            await anext(hanging_stores.audience.pages(LOBBY, deadline=time.monotonic() + seconds))


async def test_time_that_is_left_changes_nothing(stores: Stores) -> None:
    """Reading takes a deadline, and is done long before it."""
    await stores.fill(["a"])
    deadline = time.monotonic() + 60
    assert [page.next_cursor async for page in stores.audience.pages(LOBBY, deadline=deadline)] == ["a"]
    assert await waiting(stores, LOBBY) == []
