"""What every `Sessions` promises."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from chat_core.domain.connection import Connection, Session
from chat_core.domain.room import EVERYONE, LOBBY
from chat_core.errors import ConnectionClosed, Unavailable
from chat_core.ports import Sessions
from tests.support.members import activated, active, everyone
from tests.support.stores import Stores


def connection(connection_id: str, codec: str = "plain", **more: Any) -> Connection:
    return Connection(id=connection_id, codec=codec, **more)


INFOS: list[Any] = [
    None,
    "",
    0,
    False,
    [],
    {"name": "Ada", "tags": [1, None, 2.5, {}]},
    12345678901234567890,
    "ünïcödé 🖖 \u2028\ufffe\uffff\x00\x1b",
    "\ud83d alone",
    "x" * 10_000,
]


async def test_connection_is_found_from_its_opening_on(sessions: Sessions) -> None:
    """At once: its next frame may be handled by another process."""
    await sessions.open(connection("a", "rich", user="ada"))
    assert await sessions.find("a") == Session(connection=connection("a", "rich", user="ada"), accepted=False)


@pytest.mark.parametrize("info", INFOS, ids=repr)
async def test_info_is_any_json_value(sessions: Sessions, info: object) -> None:
    """What the client's token says of it is nobody's business here."""
    await sessions.open(connection("a", info=info))
    assert await sessions.accept(connection("a", user="ada", info=info), room=EVERYONE)
    found = await sessions.find("a")
    assert found is not None
    assert found.connection == connection("a", user="ada", info=info)


async def test_connection_that_opens_in_a_room_is_a_member_and_accepted(stores: Stores) -> None:
    """A plain client says nothing before it receives."""
    await stores.sessions.open(connection("a"), room=LOBBY)
    assert await stores.sessions.find("a") == Session(
        connection=connection("a"), accepted=True, rooms=frozenset({LOBBY})
    )
    assert await active(stores, LOBBY) == ["a"]


async def test_what_was_never_opened_is_not_found(sessions: Sessions) -> None:
    """There is nothing to say about it."""
    assert await sessions.find("never") is None


async def test_opening_twice_is_one_connection_with_the_newer_codec(stores: Stores) -> None:
    """A repeated request must not lead to messages twice."""
    await stores.sessions.open(connection("a"), room=LOBBY)
    await stores.sessions.open(connection("a", "rich"), room=LOBBY)
    assert await stores.sessions.find("a") == Session(
        connection=connection("a", "rich"), accepted=True, rooms=frozenset({LOBBY})
    )
    assert await everyone(stores, LOBBY) == [("a", "rich")]


async def test_opening_again_leaves_the_rooms_as_they_are(stores: Stores) -> None:
    """A `$connect` that is repeated late comes after frames."""
    await stores.sessions.open(connection("a"))
    await stores.sessions.accept(connection("a"), room=EVERYONE)
    await activated(stores, "one", connection("a"), command=1)
    await stores.sessions.open(connection("a"))
    await stores.sessions.open(connection("a"), room=LOBBY)
    found = await stores.sessions.find("a")
    assert found is not None
    assert found.accepted
    assert found.rooms == {EVERYONE, "one", LOBBY}
    await stores.sessions.close(["a"])
    assert [await everyone(stores, room) for room in (EVERYONE, "one", LOBBY)] == [[], [], []]


async def test_accepting_makes_a_member_with_user_and_info(stores: Stores) -> None:
    """From one moment on: who is accepted receives what is for everyone."""
    await stores.sessions.open(connection("a", "rich"))
    assert await everyone(stores, EVERYONE) == []
    accepted = connection("a", "rich", user="ada", info={"name": "Ada"})
    assert await stores.sessions.accept(accepted, room=EVERYONE)
    assert await stores.sessions.find("a") == Session(connection=accepted, accepted=True, rooms=frozenset({EVERYONE}))
    assert await active(stores, EVERYONE) == ["a"]


async def test_connection_is_accepted_once(stores: Stores) -> None:
    """Two frames of one client may be handled side by side: one of them learns that it comes second."""
    await stores.sessions.open(connection("a"))
    ways = [connection("a", user=f"u{i}") for i in range(5)]
    accepted = await asyncio.gather(*(stores.sessions.accept(each, room=EVERYONE) for each in ways))
    assert sorted(accepted) == [False] * 4 + [True]
    found = await stores.sessions.find("a")
    assert found is not None
    assert found.connection == ways[accepted.index(True)]


async def test_plain_connection_is_accepted_from_its_opening_on(sessions: Sessions) -> None:
    """There is nothing left to accept."""
    await sessions.open(connection("a"), room=LOBBY)
    assert not await sessions.accept(connection("a", user="ada"), room=EVERYONE)
    found = await sessions.find("a")
    assert found is not None
    assert found.connection.user == ""


@pytest.mark.parametrize("closed", [True, False])
async def test_connection_that_is_not_open_cannot_be_accepted(stores: Stores, closed: bool) -> None:
    """A `connect` command that comes late leaves nothing behind."""
    if closed:
        await stores.sessions.open(connection("a"))
        await stores.sessions.close(["a"])
    with pytest.raises(ConnectionClosed):
        await stores.sessions.accept(connection("a"), room=EVERYONE)
    assert await stores.sessions.find("a") is None
    assert await everyone(stores, EVERYONE) == []


async def test_closing_ends_every_membership_and_tells_which(stores: Stores) -> None:
    """Nobody is left in a room that it joined; the rooms can be told that it has left."""
    for each in ("a", "b"):
        await stores.sessions.open(connection(each, user=each, info=[each]))
        await stores.sessions.accept(connection(each, user=each, info=[each]), room=EVERYONE)
        for at, room in enumerate(("one", "two")):
            await activated(stores, room, connection(each), command=at)
    (ended,) = await stores.sessions.close(["a"])
    assert ended == Session(
        connection=connection("a", user="a", info=["a"]),
        accepted=True,
        rooms=frozenset({EVERYONE, "one", "two"}),
    )
    for room in (EVERYONE, "one", "two"):
        assert await everyone(stores, room) == [("b", "plain")]
    assert await stores.sessions.find("a") is None
    assert await stores.sessions.find("b") is not None


async def test_closing_the_closed_the_unknown_or_nobody_ends_nothing(stores: Stores) -> None:
    """`$disconnect` may come twice, or for a connection that a delivery found gone: its rooms are told once."""
    await stores.sessions.open(connection("a"), room=LOBBY)
    assert len(await stores.sessions.close(["a"])) == 1
    assert list(await stores.sessions.close(["a", "never"])) == []
    assert list(await stores.sessions.close([])) == []
    assert await everyone(stores, LOBBY) == []


async def test_of_many_that_close_a_connection_at_once_one_has_ended_it(stores: Stores) -> None:
    """A `$disconnect` beside deliveries that find the client gone."""
    await stores.sessions.open(connection("a"), room=LOBBY)
    ended = await asyncio.gather(*(stores.sessions.close(["a", "a"]) for _ in range(5)))
    assert [len(each) for each in sorted(ended, key=len)] == [0, 0, 0, 0, 1]


async def test_closing_many_at_once_closes_all(stores: Stores) -> None:
    """More than DynamoDB takes in one batch of writes (25), and more than are closed side by side (100)."""
    ids = [f"c{i}" for i in range(130)]
    await stores.fill(ids)
    ended = await stores.sessions.close(ids[:-1])
    assert sorted(each.connection.id for each in ended) == sorted(ids[:-1])
    assert await everyone(stores, LOBBY) == [("c129", "plain")]


async def test_connection_that_was_closed_is_never_revived(stores: Stores) -> None:
    """A `$connect` whose write comes after `$disconnect` would leave a member behind that nobody removes."""
    await stores.sessions.open(connection("a"), room=LOBBY)
    await stores.sessions.open(connection("b"), room=LOBBY)
    await stores.sessions.close(["a", "early"])
    for late in ("a", "early"):
        for room in (LOBBY, "one", None):
            with pytest.raises(ConnectionClosed):
                await stores.sessions.open(connection(late), room=room)
        assert await stores.sessions.find(late) is None
    assert await everyone(stores, LOBBY) == [("b", "plain")]
    assert await everyone(stores, "one") == []


async def test_closed_connection_is_remembered_for_an_hour(stores: Stores) -> None:
    """No function runs as long."""
    await stores.sessions.open(connection("a"))
    await stores.sessions.close(["a"])
    stores.clock.now += 60 * 60 - 5
    with pytest.raises(ConnectionClosed):
        await stores.sessions.open(connection("a"))


async def test_opening_beside_a_close_leaves_no_member_behind(stores: Stores) -> None:
    """Whichever comes first: the opening is undone, or it fails."""
    ids = [f"c{i}" for i in range(20)]
    openings = [stores.sessions.open(connection(each), room=LOBBY) for each in ids]
    closings = [stores.sessions.close([each]) for each in ids]
    results = await asyncio.gather(*openings, *closings, return_exceptions=True)
    assert {type(each) for each in results} <= {type(None), list, ConnectionClosed}
    assert await everyone(stores, LOBBY) == []
    assert [await stores.sessions.find(each) for each in ids] == [None] * len(ids)


async def test_codec_is_any_name(sessions: Sessions) -> None:
    """A table is shared by functions of two versions while a new one is deployed."""
    await sessions.open(connection("a", "newer"))
    found = await sessions.find("a")
    assert found is not None
    assert found.connection.codec == "newer"


async def test_id_of_a_room_and_of_a_connection_may_be_the_same_text(stores: Stores) -> None:
    """However an adapter keeps them, they do not get mixed up."""
    await stores.sessions.open(connection("x#y"), room="x#y")
    await stores.sessions.open(connection("room#x"), room="connection#x")
    assert await everyone(stores, "x#y") == [("x#y", "plain")]
    await stores.sessions.close(["x#y"])
    assert await everyone(stores, "connection#x") == [("room#x", "plain")]


CALLS: dict[str, Callable[[Sessions, float], Awaitable[object]]] = {
    "open": lambda sessions, deadline: sessions.open(connection("a"), deadline=deadline),
    "open in a room": lambda sessions, deadline: sessions.open(connection("a"), room=LOBBY, deadline=deadline),
    "accept": lambda sessions, deadline: sessions.accept(connection("a"), room=EVERYONE, deadline=deadline),
    "find": lambda sessions, deadline: sessions.find("a", deadline=deadline),
    "close": lambda sessions, deadline: sessions.close(["a"], deadline=deadline),
}


@pytest.mark.parametrize("call", CALLS)
async def test_what_cannot_be_reached_is_unavailable(broken_stores: Stores, call: str) -> None:
    """A use case can tell its client to try again, whatever the store is made of."""
    with pytest.raises(Unavailable):
        await CALLS[call](broken_stores.sessions, time.monotonic() + 60)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("seconds", [0.2, -1.0], ids=["soon", "over"])
async def test_what_does_not_answer_is_unavailable_at_the_deadline(
    hanging_stores: Stores, call: str, seconds: float
) -> None:
    """Before the function that asked is stopped; a store by itself waits far longer."""
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable):
            await CALLS[call](hanging_stores.sessions, time.monotonic() + seconds)


async def test_time_that_is_left_changes_nothing(sessions: Sessions) -> None:
    """Every method takes a deadline, and is done long before it."""
    deadline = time.monotonic() + 60
    for call in CALLS.values():
        await call(sessions, deadline)
    assert await sessions.find("a") is None
