"""What every `ConnectionStore` promises."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import pytest

from chat_core import LOBBY, Connection, ConnectionClosed, ConnectionStore, Unavailable
from tests.support.chat import JSON, PLAIN


def connection(connection_id: str, codec: str = PLAIN) -> Connection:
    return Connection(id=connection_id, codec=codec)


async def members(store: ConnectionStore, room: str = LOBBY) -> list[tuple[str, str]]:
    """Read every page; no page may be empty."""
    found = []
    async for page in store.recipients(room=room):
        assert len(page)
        found += [(connection_id, codec) for codec, ids in page.ids.items() for connection_id in ids]
    return sorted(found)


async def test_member_is_found_in_its_room_with_its_codec(store: ConnectionStore) -> None:
    """At once: whoever sends next must reach it."""
    await store.join(room=LOBBY, connection=connection("a"))
    await store.join(room=LOBBY, connection=connection("b", JSON))
    assert await members(store) == [("a", PLAIN), ("b", JSON)]


async def test_empty_room_has_no_pages(store: ConnectionStore) -> None:
    """Nobody is no error."""
    assert [page async for page in store.recipients(room="nobody")] == []


async def test_joining_twice_is_one_membership_in_the_newer_codec(store: ConnectionStore) -> None:
    """A repeated request must not lead to messages twice."""
    await store.join(room=LOBBY, connection=connection("a"))
    await store.join(room=LOBBY, connection=connection("a", JSON))
    assert await members(store) == [("a", JSON)]
    found = await store.find(connection_id="a")
    assert found == connection("a", JSON)


async def test_rooms_are_separate(store: ConnectionStore) -> None:
    """Reading one costs and shows nothing of the others."""
    await store.join(room="one", connection=connection("a"))
    await store.join(room="two", connection=connection("b"))
    assert await members(store, "one") == [("a", PLAIN)]


async def test_removing_ends_every_membership(store: ConnectionStore) -> None:
    """Nobody is left in a room that it joined besides the lobby."""
    for room in (LOBBY, "one", "two"):
        await store.join(room=room, connection=connection("a"))
        await store.join(room=room, connection=connection("b"))
    await store.remove(connection_ids=["a"])
    for room in (LOBBY, "one", "two"):
        assert await members(store, room) == [("b", PLAIN)]
    assert await store.find(connection_id="a") is None
    assert await store.find(connection_id="b") == connection("b")


async def test_removing_the_unknown_or_nobody_is_no_error(store: ConnectionStore) -> None:
    """`$disconnect` may come twice, or for a connection that a delivery found gone."""
    await store.join(room=LOBBY, connection=connection("a"))
    await store.remove(connection_ids=["a"])
    await store.remove(connection_ids=["a", "never"])
    await store.remove(connection_ids=[])
    assert await members(store) == []


async def test_removing_many_at_once_removes_all(store: ConnectionStore) -> None:
    """More than DynamoDB takes in one batch of writes (25)."""
    ids = [f"c{i}" for i in range(60)]
    for each in ids:
        await store.join(room=LOBBY, connection=connection(each))
    await store.remove(connection_ids=ids[:-1])
    assert await members(store) == [("c59", PLAIN)]


async def test_who_is_in_no_room_is_not_found(store: ConnectionStore) -> None:
    """There is nothing to say about it."""
    assert await store.find(connection_id="never") is None


async def test_id_of_a_room_and_of_a_connection_may_be_the_same_text(store: ConnectionStore) -> None:
    """However an adapter keeps them, they do not get mixed up."""
    await store.join(room="x#y", connection=connection("x#y"))
    await store.join(room="connection#x", connection=connection("room#x"))
    assert await members(store, "x#y") == [("x#y", PLAIN)]
    await store.remove(connection_ids=["x#y"])
    assert await members(store, "connection#x") == [("room#x", PLAIN)]


async def test_connection_that_was_removed_is_never_revived(store: ConnectionStore) -> None:
    """A `$connect` whose write comes after `$disconnect` would leave a member behind that nobody removes."""
    await store.join(room=LOBBY, connection=connection("a"))
    await store.join(room=LOBBY, connection=connection("b"))
    await store.remove(connection_ids=["a", "early"])
    for late in ("a", "early"):
        for room in (LOBBY, "one"):
            with pytest.raises(ConnectionClosed):
                await store.join(room=room, connection=connection(late))
        assert await store.find(connection_id=late) is None
    assert await members(store) == [("b", PLAIN)]
    assert await members(store, "one") == []


async def test_join_beside_a_removal_leaves_no_member_behind(store: ConnectionStore) -> None:
    """Whichever comes first: the join is undone, or it fails."""
    ids = [f"c{i}" for i in range(20)]
    joins = [store.join(room=LOBBY, connection=connection(each)) for each in ids]
    removals = [store.remove(connection_ids=[each]) for each in ids]
    results = await asyncio.gather(*joins, *removals, return_exceptions=True)
    assert {type(each) for each in results} <= {type(None), ConnectionClosed}
    assert await members(store) == []
    assert [await store.find(connection_id=each) for each in ids] == [None] * len(ids)


async def test_codec_is_any_name(store: ConnectionStore) -> None:
    """A store is shared by functions of two versions while a new one is deployed."""
    await store.join(room=LOBBY, connection=connection("a", "newer"))
    assert await members(store) == [("a", "newer")]
    assert await store.find(connection_id="a") == connection("a", "newer")


async def test_every_page_of_a_large_room_is_read(
    store: ConnectionStore, fill: Callable[[Sequence[str]], Awaitable[None]]
) -> None:
    """The samples that people copy read the first megabyte of the table, and lose everyone after it."""
    ids = [f"c{i}" for i in range(1200)]
    await fill(ids)
    pages = [page async for page in store.recipients(room=LOBBY)]
    assert len(pages) > 1
    assert sorted(each for page in pages for part in page.ids.values() for each in part) == sorted(ids)
    await store.remove(connection_ids=ids[1:])
    assert await members(store) == [("c0", PLAIN)]


async def test_reading_goes_on_after_any_page(
    store: ConnectionStore, fill: Callable[[Sequence[str]], Awaitable[None]]
) -> None:
    """Elsewhere and later, even if the last member of the page has left: nobody is missed and nobody read twice."""
    ids = [f"c{i}" for i in range(1200)]
    await fill(ids)
    pages = store.recipients(room=LOBBY)
    first = await anext(pages)
    await store.remove(connection_ids=[first.next_cursor])
    read = [each for part in first.ids.values() for each in part]
    async for page in store.recipients(room=LOBBY, cursor=first.next_cursor):
        read += [each for part in page.ids.values() for each in part]
    assert sorted(read) == sorted(ids)


async def test_what_cannot_be_reached_is_unavailable(broken_store: ConnectionStore) -> None:
    """A use case can tell its client to try again, whatever the store is made of."""
    with pytest.raises(Unavailable):
        await broken_store.join(room=LOBBY, connection=connection("a"))
    with pytest.raises(Unavailable):
        await broken_store.remove(connection_ids=["a"])
    with pytest.raises(Unavailable):
        await broken_store.find(connection_id="a")
    with pytest.raises(Unavailable):
        await members(broken_store)


CALLS: dict[str, Callable[[ConnectionStore, float], Awaitable[object]]] = {
    "join": lambda store, deadline: store.join(room=LOBBY, connection=connection("a"), deadline=deadline),
    "remove": lambda store, deadline: store.remove(connection_ids=["a"], deadline=deadline),
    "find": lambda store, deadline: store.find(connection_id="a", deadline=deadline),
    "recipients": lambda store, deadline: anext(store.recipients(room=LOBBY, deadline=deadline)),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("seconds", [0.2, -1.0], ids=["soon", "over"])
async def test_what_does_not_answer_is_unavailable_at_the_deadline(
    hanging_store: ConnectionStore, call: str, seconds: float
) -> None:
    """Before the function that asked is stopped; a store by itself waits far longer."""
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable):
            await CALLS[call](hanging_store, time.monotonic() + seconds)


async def test_time_that_is_left_changes_nothing(store: ConnectionStore) -> None:
    """Every method takes a deadline, and is done long before it."""
    deadline = time.monotonic() + 60
    await store.join(room=LOBBY, connection=connection("a"), deadline=deadline)
    assert await store.find(connection_id="a", deadline=deadline) == connection("a")
    assert [page.next_cursor async for page in store.recipients(room=LOBBY, deadline=deadline)] == ["a"]
    await store.remove(connection_ids=["a"], deadline=deadline)
    assert await members(store) == []
