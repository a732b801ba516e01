"""What every `Subscriptions` promises."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable

import pytest

from chat_core.domain.connection import Connection, Group, Member, Waiting
from chat_core.domain.room import LOBBY
from chat_core.errors import ConnectionClosed, LimitExceeded, Superseded, Unavailable
from chat_core.ports import Before, Subscriptions
from tests.support.members import activated, active, everyone, groups, joined, opened, present, waiting
from tests.support.stores import Stores

A = Connection(id="a", codec="rich", user="ada", info={"name": "Ada"})
B = Connection(id="b", codec="rich")
NEW = Before(present=False, missed=None)


async def rooms_of(stores: Stores, connection: Connection = A) -> set[str]:
    found = await stores.sessions.find(connection.id)
    assert found is not None
    return set(found.rooms) - {"*"}


async def test_who_joins_waits_until_it_is_activated(stores: Stores) -> None:
    """What comes meanwhile must not overtake the reply, which has what was missed."""
    await opened(stores, A)
    assert await joined(stores, "one", A) == NEW
    assert await waiting(stores, "one") == [Waiting("a", "rich", stores.clock.now, None)]
    assert await active(stores, "one") == []
    assert [each.client for each in await present(stores, "one")] == ["a"]
    assert await rooms_of(stores) == {"one"}
    await stores.subscriptions.activate("one", [Member(connection=A, command=1)])
    assert await active(stores, "one") == ["a"]
    assert await waiting(stores, "one") == []


async def test_members_are_grouped_by_codec_and_by_what_they_want_to_hear(stores: Stores) -> None:
    """Each group receives the same payloads."""
    connections = [Connection(id=f"c{i}", codec="rich" if i % 2 else "other") for i in range(4)]
    await opened(stores, *connections)
    members = [Member(connection=each, command=1, wants_join_leave=i > 1) for i, each in enumerate(connections)]
    for each in members:
        await stores.subscriptions.join("one", each, most_rooms=9)
    await stores.subscriptions.activate("one", members)
    assert await groups(stores, "one") == {
        Group("other", wants_join_leave=False): ["c0"],
        Group("rich", wants_join_leave=False): ["c1"],
        Group("other", wants_join_leave=True): ["c2"],
        Group("rich", wants_join_leave=True): ["c3"],
    }


async def test_member_that_joins_again_waits_again(stores: Stores) -> None:
    """Its client has asked for the past anew, and was a member before."""
    await opened(stores, A)
    await activated(stores, "one", A, command=1)
    assert await joined(stores, "one", A, command=2) == Before(present=True, missed=None)
    assert await active(stores, "one") == []
    assert [each.client for each in await present(stores, "one")] == ["a"]
    await stores.subscriptions.activate("one", [Member(connection=A, command=2)])
    assert await active(stores, "one") == ["a"]


async def test_join_that_is_repeated_is_done_once(stores: Stores) -> None:
    """Its answer was lost; meanwhile the first attempt may even have led to its activation."""
    await opened(stores, A)
    for _ in range(3):
        await joined(stores, "one", A, command=5)
    assert [each.connection_id for each in await waiting(stores, "one")] == ["a"]
    await stores.subscriptions.activate("one", [Member(connection=A, command=5)])
    assert await active(stores, "one") == ["a"]
    assert await rooms_of(stores) == {"one"}


async def test_activation_of_an_earlier_command_changes_nothing(stores: Stores) -> None:
    """The reply to the later one has not been sent yet."""
    await opened(stores, A)
    await joined(stores, "one", A, command=1)
    await joined(stores, "one", A, command=2)
    await stores.subscriptions.activate("one", [Member(connection=A, command=1)])
    assert await active(stores, "one") == []


async def test_activation_of_what_has_left_or_never_was_changes_nothing(stores: Stores) -> None:
    """It may come late."""
    await opened(stores, A, B)
    await joined(stores, "one", A, command=1)
    await stores.subscriptions.leave("one", "a", command=2)
    members = [Member(connection=each, command=command) for each in (A, B) for command in (0, 1, 2)]
    await stores.subscriptions.activate("one", members)
    assert await everyone(stores, "one") == []
    assert await present(stores, "one") == []


async def test_many_are_activated_at_once(stores: Stores) -> None:
    """A room's clients come back at once when a network recovers: more than are activated side by side (100)."""
    connections = [Connection(id=f"c{i:03}", codec="plain") for i in range(105)]
    await stores.fill([each.id for each in connections])
    for each in connections:
        await joined(stores, LOBBY, each)
    assert len(await waiting(stores, LOBBY)) == 105
    await stores.subscriptions.activate(LOBBY, [Member(connection=each, command=1) for each in connections])
    assert await active(stores, LOBBY) == [each.id for each in connections]


async def test_leaving_ends_the_membership_and_tells_which(stores: Stores) -> None:
    """So that the others can be told."""
    await opened(stores, A, B)
    member = Member(connection=A, command=1, wants_join_leave=True)
    await stores.subscriptions.join("one", member, most_rooms=9)
    await stores.subscriptions.activate("one", [member])
    await activated(stores, "one", B)
    left = await stores.subscriptions.leave("one", "a", command=2)
    assert left is not None
    assert (left.connection, left.wants_join_leave) == (A, True)
    assert await everyone(stores, "one") == [("b", "rich")]
    assert [each.client for each in await present(stores, "one")] == ["b"]
    assert await rooms_of(stores) == set()


async def test_leaving_where_one_is_not_ends_nothing(stores: Stores) -> None:
    """Nobody has to be told then."""
    await opened(stores, A)
    assert await stores.subscriptions.leave("one", "a", command=1) is None
    assert await stores.subscriptions.leave("one", "never", command=1) is None
    await joined(stores, "one", A, command=2)
    assert await stores.subscriptions.leave("one", "a", command=3) is not None
    assert await stores.subscriptions.leave("one", "a", command=4) is None
    assert await everyone(stores, "one") == []


async def test_who_has_left_can_join_again(stores: Stores) -> None:
    """As somebody new."""
    await opened(stores, A)
    await activated(stores, "one", A, command=1)
    await stores.subscriptions.miss("one", ["a"], offset=7)
    await stores.subscriptions.leave("one", "a", command=2)
    assert await joined(stores, "one", A, command=3) == NEW
    await stores.subscriptions.activate("one", [Member(connection=A, command=3)])
    assert await active(stores, "one") == ["a"]
    assert await rooms_of(stores) == {"one"}


COMMANDS = ("join", "leave", "join")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
@pytest.mark.parametrize("count", [2, 3])
async def test_command_with_the_highest_id_wins_in_each_order(
    stores: Stores, order: tuple[int, ...], count: int
) -> None:
    """Frames of one client may be handled side by side: what it asked for last is what it wants."""
    await opened(stores, A)
    done = -1
    for each in (each for each in order if each < count):
        try:
            await do(stores, COMMANDS[each], each + 1)
        except Superseded:
            assert each < done
        else:
            assert each > done
            done = each
    member = COMMANDS[count - 1] == "join"
    assert [each.connection_id for each in await waiting(stores, "one")] == (["a"] if member else [])
    assert await rooms_of(stores) == ({"one"} if member else set())


async def do(stores: Stores, command: str, command_id: int) -> None:
    if command == "join":
        await joined(stores, "one", A, command=command_id)
    else:
        await stores.subscriptions.leave("one", "a", command=command_id)


async def test_command_with_the_highest_id_wins_side_by_side(stores: Stores) -> None:
    """With all their requests in any order."""
    await opened(stores, A)
    commands = [("leave" if i % 2 else "join", i + 1) for i in range(21)]
    results = await asyncio.gather(
        *(do(stores, command, command_id) for command, command_id in reversed(commands)), return_exceptions=True
    )
    assert [each for each in results if each is not None and not isinstance(each, Superseded)] == []
    assert [each.connection_id for each in await waiting(stores, "one")] == ["a"]
    assert await rooms_of(stores) == {"one"}
    await stores.subscriptions.activate("one", [Member(connection=A, command=21)])
    assert await active(stores, "one") == ["a"]
    await stores.sessions.close(["a"])
    assert await everyone(stores, "one") == []


async def test_command_that_ended_a_membership_is_remembered_for_a_minute(stores: Stores) -> None:
    """Longer than an earlier one can take; whoever reads the room meanwhile changes nothing."""
    await opened(stores, A)
    await stores.subscriptions.leave("one", "a", command=9)
    stores.clock.now += 59
    assert await everyone(stores, "one") == []
    with pytest.raises(Superseded):
        await joined(stores, "one", A, command=8)


async def test_connection_can_be_in_so_many_rooms(stores: Stores) -> None:
    """A hundred thousand subscribes of one client are refused; leaving makes room, and renewing needs none."""
    await opened(stores, A)
    in_all = 4  # the room in which it was accepted counts
    for i in range(3):
        await joined(stores, f"r{i}", A, command=i, most_rooms=in_all)
    with pytest.raises(LimitExceeded):
        await joined(stores, "r3", A, command=3, most_rooms=in_all)
    assert await everyone(stores, "r3") == []
    await joined(stores, "r0", A, command=4, most_rooms=in_all)
    await stores.subscriptions.leave("r1", "a", command=5)
    await joined(stores, "r3", A, command=6, most_rooms=in_all)
    assert await rooms_of(stores) == {"r0", "r2", "r3"}


@pytest.mark.parametrize("state", ["closed", "never opened", "not accepted"])
async def test_connection_that_is_not_open_cannot_join(stores: Stores, state: str) -> None:
    """A join that comes late leaves no member behind."""
    if state == "closed":
        await opened(stores, A)
        await stores.sessions.close(["a"])
    elif state == "not accepted":
        await stores.sessions.open(A)
    with pytest.raises(ConnectionClosed):
        await joined(stores, "one", A)
    assert await everyone(stores, "one") == []


async def test_closing_after_joins_side_by_side_leaves_nothing(stores: Stores) -> None:
    """A client that subscribes to all its rooms at once, and goes."""
    await opened(stores, A)
    rooms = [f"r{i}" for i in range(20)]
    await asyncio.gather(*(joined(stores, room, A, command=i) for i, room in enumerate(rooms)))
    assert await rooms_of(stores) == set(rooms)
    (ended,) = await stores.sessions.close(["a"])
    assert set(ended.rooms) == {"*", *rooms}
    assert [await everyone(stores, room) for room in rooms] == [[]] * len(rooms)


async def test_join_beside_a_close_delivers_to_nobody_and_a_second_close_ends_it(stores: Stores) -> None:
    """What a join that was overtaken leaves behind waits, and who finds its client gone closes it again."""
    rooms = [f"r{i}" for i in range(10)]
    await opened(stores, A)
    joins = [joined(stores, room, A, command=i) for i, room in enumerate(rooms)]
    results = await asyncio.gather(*joins, stores.sessions.close(["a"]), return_exceptions=True)
    failures = [each for each in results if isinstance(each, BaseException)]
    assert [each for each in failures if not isinstance(each, ConnectionClosed)] == []
    assert [await active(stores, room) for room in rooms] == [[]] * len(rooms)
    await stores.sessions.close(["a"])
    assert [await everyone(stores, room) for room in rooms] == [[]] * len(rooms)


async def test_who_missed_something_is_not_delivered_to_until_it_joins_again(stores: Stores) -> None:
    """A gap must not be hidden by what comes after it."""
    await opened(stores, A, B)
    for each in (A, B):
        await activated(stores, "one", each)
    await stores.subscriptions.miss("one", ["a", "never"], offset=7)
    assert await active(stores, "one") == ["b"]
    assert await waiting(stores, "one") == [Waiting("a", "rich", None, 7)]
    assert [each.client for each in await present(stores, "one")] == ["a", "b"]
    assert await joined(stores, "one", A, command=2) == Before(present=True, missed=7)
    assert await waiting(stores, "one") == [Waiting("a", "rich", stores.clock.now, None)]
    await stores.subscriptions.activate("one", [Member(connection=A, command=2)])
    assert await active(stores, "one") == ["a", "b"]


async def test_lowest_offset_that_was_missed_is_kept(stores: Stores) -> None:
    """Whoever notes it first."""
    await opened(stores, A)
    await activated(stores, "one", A)
    for offset in (7, 3, 9):
        await stores.subscriptions.miss("one", ["a"], offset=offset)
    assert await joined(stores, "one", A, command=2) == Before(present=True, missed=3)


async def test_who_misses_something_while_it_joins_stays_apart(stores: Stores) -> None:
    """What it was to catch up with did not reach it."""
    await opened(stores, A)
    await joined(stores, "one", A)
    await stores.subscriptions.miss("one", ["a"], offset=4)
    await stores.subscriptions.activate("one", [Member(connection=A, command=1)])
    assert await active(stores, "one") == []
    assert await waiting(stores, "one") == [Waiting("a", "rich", None, 4)]


async def test_who_has_left_misses_nothing(stores: Stores) -> None:
    """And is not brought back by the note."""
    await opened(stores, A)
    await joined(stores, "one", A, command=1)
    await stores.subscriptions.leave("one", "a", command=2)
    await stores.subscriptions.miss("one", ["a"], offset=1)
    assert await everyone(stores, "one") == []


async def test_many_are_dropped_at_once(stores: Stores) -> None:
    """More than DynamoDB deletes at once; an unknown one is no error, and none is named once too often."""
    ids = [f"c{i:02}" for i in range(60)]
    await stores.fill(ids)
    await stores.subscriptions.drop("lobby", [*ids[:-1], "never", ids[0]])
    assert await everyone(stores, "lobby") == [("c59", "plain")]


async def test_rooms_are_separate(stores: Stores) -> None:
    """What happens in one changes nothing in another."""
    await opened(stores, A)
    for command, room in enumerate(("one", "two")):
        await activated(stores, room, A, command=command)
    await stores.subscriptions.miss("one", ["a"], offset=1)
    await stores.subscriptions.drop("one", ["a"])
    assert await everyone(stores, "one") == []
    assert await active(stores, "two") == ["a"]


CALLS: dict[str, Callable[[Subscriptions, float], Awaitable[object]]] = {
    "join": lambda port, deadline: port.join("one", Member(connection=A), most_rooms=9, deadline=deadline),
    "leave": lambda port, deadline: port.leave("one", "a", command=1, deadline=deadline),
    "activate": lambda port, deadline: port.activate("one", [Member(connection=A)], deadline=deadline),
    "miss": lambda port, deadline: port.miss("one", ["a"], offset=1, deadline=deadline),
    "drop": lambda port, deadline: port.drop("one", ["a"], deadline=deadline),
}


@pytest.mark.parametrize("call", CALLS)
async def test_what_cannot_be_reached_is_unavailable(broken_stores: Stores, call: str) -> None:
    """A use case can tell its client to try again, whatever the store is made of."""
    with pytest.raises(Unavailable):
        await CALLS[call](broken_stores.subscriptions, time.monotonic() + 60)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("seconds", [0.2, -1.0], ids=["soon", "over"])
async def test_what_does_not_answer_is_unavailable_at_the_deadline(
    hanging_stores: Stores, call: str, seconds: float
) -> None:
    """Before the function that asked is stopped; a store by itself waits far longer."""
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable):
            await CALLS[call](hanging_stores.subscriptions, time.monotonic() + seconds)


async def test_time_that_is_left_changes_nothing(stores: Stores) -> None:
    """Every method takes a deadline, and is done long before it."""
    await opened(stores, A)
    deadline = time.monotonic() + 60
    for call in CALLS.values():
        await call(stores.subscriptions, deadline)
    assert await everyone(stores, "one") == []
