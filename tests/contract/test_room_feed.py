"""What every `RoomFeed` promises."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import pytest

from chat_core.domain.connection import ClientInfo, Connection, Member
from chat_core.domain.events import (
    Event,
    KeepAlive,
    MemberJoined,
    MemberLeft,
    MessagePublished,
    SubscriptionEnded,
)
from chat_core.domain.feed import Appended, Held, Joiner, Turn
from chat_core.domain.history import StreamPosition
from chat_core.errors import RoomBusy, Unavailable
from chat_core.ports import RoomFeed, TurnLost
from tests.contract.test_sessions import INFOS
from tests.support.rates import Clock
from tests.support.stores import LEASE, Stores

ADA = ClientInfo(user="ada", client="c", conn_info={"name": "Ada"})
EVENTS: Sequence[Event] = (
    MessagePublished(room="one", data="hi", publisher=ADA, time=1_800_000_000.25, tags={"lang": "en"}),
    MemberJoined(room="one", member=ADA),
    MemberLeft(room="one", member=replace(ADA, chan_info=[1])),
    SubscriptionEnded(room="one", code=2500, reason="insufficient state"),
    KeepAlive(room="one"),
)


def message(data: object = "hi") -> MessagePublished:
    return MessagePublished(room="one", data=data)


def joiner(connection_id: str = "a", told: int = 0) -> Joiner:
    connection = Connection(id=connection_id, codec="rich", user="ada", info={"name": "Ada"})
    return Joiner(Member(connection=connection, command=3, wants_join_leave=True), told)


async def append(feed: RoomFeed, name: str, *, joiner: Joiner | None = None) -> Appended:
    """Append a message that has this name as its data, its id and its sender's name as a deliverer."""
    return await feed.append("one", message(name), event_id=name, holder=name, joiner=joiner)


async def turn_of(feed: RoomFeed, name: str) -> Turn:
    """Append a message with which the turn falls to its sender."""
    turn = (await append(feed, name)).turn
    assert turn is not None
    return turn


def said(turn: Turn | Held | None) -> list[tuple[int, object]]:
    """Return the offsets and the data of a turn's messages."""
    assert isinstance(turn, Turn)
    return [(each.offset, each.data) for each in turn.events if isinstance(each, MessagePublished)]


async def test_first_to_append_has_the_turn(feed: RoomFeed, clock: Clock) -> None:
    """It delivers what it appended."""
    appended = await append(feed, "m1")
    turn = appended.turn
    assert turn is not None
    assert (turn.room, turn.holder, turn.until) == ("one", "m1", clock.now + LEASE)
    assert (turn.delivered, turn.cursor, turn.joiners, turn.joiners_served) == (0, "", (), 0)
    assert said(turn) == [(1, "m1")]
    assert appended.position == StreamPosition(turn.epoch, 1)


async def test_nobody_else_delivers_while_the_lease_runs(feed: RoomFeed, clock: Clock) -> None:
    """Two that deliver side by side overtake each other."""
    turn = await turn_of(feed, "m1")
    clock.now += LEASE - 0.1
    appended = await append(feed, "m2")
    assert appended.turn is None
    assert appended.position == StreamPosition(turn.epoch, 2)
    assert appended.lease_until == turn.until
    assert await feed.take("one", holder="other") == Held(until=turn.until)


async def test_deliverer_goes_on_with_what_has_come_meanwhile(feed: RoomFeed, clock: Clock) -> None:
    """All of it in one go, in order; then the turn is free for the next."""
    turn = await turn_of(feed, "m1")
    for name in ("m2", "m3"):
        assert (await append(feed, name)).turn is None
    clock.now += 5
    following = await feed.finish(turn)
    assert following is not None
    assert said(following) == [(2, "m2"), (3, "m3")]
    assert (following.delivered, following.until, following.holder) == (1, clock.now + LEASE, "m1")
    assert following.round > turn.round
    assert await feed.finish(following) is None
    assert await feed.take("one", holder="other") is None
    assert said(await turn_of(feed, "m4")) == [(4, "m4")]


async def test_offsets_have_no_gaps_and_no_repeats_side_by_side(feed: RoomFeed) -> None:
    """Whichever process appends: each message has its own place, one of the appenders has the turn."""
    appended = await asyncio.gather(*(append(feed, f"m{i}") for i in range(20)))
    assert sorted(each.position.offset for each in appended) == list(range(1, 21))
    assert len({each.position.epoch for each in appended}) == 1
    (first,) = [each.turn for each in appended if each.turn]
    delivered = said(first)
    following = await feed.finish(first)
    if following:
        delivered += said(following)
        assert await feed.finish(following) is None
    assert [offset for offset, _ in delivered] == list(range(1, 21))
    positions = {f"m{i}": each.position.offset for i, each in enumerate(appended)}
    assert {data: offset for offset, data in delivered} == positions


async def test_message_is_on_the_feed_before_its_append_is_answered(feed: RoomFeed) -> None:
    """Whoever looks after that finds it."""
    await append(feed, "m1")
    appended = await append(feed, "m2")
    stream = await feed.stream("one")
    assert stream.top == appended.position
    assert [(each.offset, each.data) for each in stream.pending] == [(1, "m1"), (2, "m2")]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
async def test_event_comes_off_the_feed_as_it_went_on(feed: RoomFeed, event: Event) -> None:
    """A message has its offset in addition; other events take none."""
    before = await feed.stream("one")
    turn = (await feed.append("one", event, event_id="e", holder="h")).turn
    assert turn is not None
    top = 0
    if isinstance(event, MessagePublished):
        event, top = replace(event, offset=1), 1
    assert list(turn.events) == [event]
    assert (await feed.stream("one")).top == StreamPosition(before.top.epoch, top)


@pytest.mark.parametrize("data", INFOS, ids=repr)
async def test_data_is_any_json_value(feed: RoomFeed, data: object) -> None:
    """A message says what its sender said."""
    appended = await feed.append("one", message(data), event_id="e", holder="h")
    assert appended.turn is not None
    assert list(appended.turn.events) == [replace(message(data), offset=1)]
    assert list((await feed.stream("one")).pending) == [replace(message(data), offset=1)]


async def test_events_keep_their_order_and_messages_their_offsets(feed: RoomFeed) -> None:
    """Whatever lies between them."""
    await turn_of(feed, "m1")
    for at, event in enumerate([*EVENTS, *reversed(EVENTS)]):
        await feed.append("one", event, event_id=f"e{at}", holder=f"e{at}")
    assert await feed.finish(await retaken(feed)) is None
    stream = await feed.stream("one")
    assert stream.top.offset == 3


async def retaken(feed: RoomFeed) -> Turn:
    """Release the turn that `m1` has, and take it."""
    held = await feed.take("one", holder="m1")
    assert isinstance(held, Turn)
    await feed.release(held)
    turn = await feed.take("one", holder="again")
    assert isinstance(turn, Turn)
    assert [type(each) for each in turn.events] == [
        MessagePublished,
        *(type(each) for each in [*EVENTS, *reversed(EVENTS)]),
    ]
    assert [offset for offset, _ in said(turn)] == [1, 2, 3]
    return turn


async def test_joiner_comes_with_the_round(feed: RoomFeed, clock: Clock) -> None:
    """With everything that whoever has the turn needs to let it in."""
    appended = await feed.append("one", None, event_id="j", holder="h", joiner=joiner("a", 7))
    assert appended.turn is not None
    assert (list(appended.turn.events), list(appended.turn.joiners)) == ([], [joiner("a", 7)])
    assert (await feed.append("one", None, event_id="k", holder="i", joiner=joiner("b"))).turn is None
    clock.now += 1
    following = await feed.finish(appended.turn)
    assert following is not None
    assert list(following.joiners) == [joiner("b")]
    assert following.audience_changed_at == clock.now
    clock.now += 1
    assert await feed.finish(following) is None
    assert (await turn_of(feed, "m")).audience_changed_at == clock.now


async def test_event_and_joiner_are_put_on_the_feed_at_once(feed: RoomFeed) -> None:
    """A client that joins is told to the others with the round that lets it in."""
    appended = await append(feed, "m1", joiner=joiner())
    assert said(appended.turn) == [(1, "m1")]
    assert appended.turn is not None
    assert list(appended.turn.joiners) == [joiner()]


async def test_append_whose_answer_was_lost_is_done_once(feed: RoomFeed) -> None:
    """Repeated with the same id, it says the same, and the turn is its caller's if it was."""
    first = await append(feed, "m1")
    assert await append(feed, "m1") == first
    other = await append(feed, "m2")
    assert await append(feed, "m2") == other
    joining = [await feed.append("one", None, event_id="j", holder="j", joiner=joiner()) for _ in range(2)]
    assert joining[0] == joining[1]
    assert first.turn is not None
    following = await feed.finish(first.turn)
    assert following is not None
    assert said(following) == [(2, "m2")]
    assert list(following.joiners) == [joiner()]


async def test_append_that_is_repeated_after_its_delivery_is_not_delivered_again(feed: RoomFeed) -> None:
    """Others may have appended meanwhile: it has the place that it had."""
    for i in range(1, 21):
        turn: Turn | None = await turn_of(feed, f"m{i}")
        while turn:
            turn = await feed.finish(turn)
    for i in (1, 11, 20):
        again = await append(feed, f"m{i}")
        assert again.position.offset == i
        assert again.turn is None or not again.turn.events
        if again.turn:
            await feed.finish(again.turn)
    assert (await feed.stream("one")).top.offset == 20
    assert said(await turn_of(feed, "m21")) == [(21, "m21")]


async def test_whoever_comes_by_takes_over_a_turn_whose_lease_is_over(feed: RoomFeed, clock: Clock) -> None:
    """It begins with the same events, and its own are among them: nothing is skipped."""
    await turn_of(feed, "m1")
    clock.now += LEASE
    appended = await append(feed, "m2")
    assert said(appended.turn) == [(1, "m1"), (2, "m2")]
    clock.now += LEASE
    taken = await feed.take("one", holder="worker")
    assert said(taken) == [(1, "m1"), (2, "m2")]
    assert isinstance(taken, Turn)
    assert (taken.holder, taken.delivered, taken.until) == ("worker", 0, clock.now + LEASE)


async def test_turn_is_taken_over_by_one(feed: RoomFeed, clock: Clock) -> None:
    """Of all who come by at once."""
    await turn_of(feed, "m1")
    clock.now += LEASE + 1
    appends = [append(feed, f"a{i}") for i in range(6)]
    takes = [feed.take("one", holder=f"t{i}") for i in range(6)]
    appended, taken = await asyncio.gather(asyncio.gather(*appends), asyncio.gather(*takes))
    turns = [each for each in [*(each.turn for each in appended), *taken] if isinstance(each, Turn)]
    assert len(turns) == 1
    assert said(turns[0])[0] == (1, "m1")


async def test_whoever_was_overtaken_learns_it_and_changes_nothing(feed: RoomFeed, clock: Clock) -> None:
    """It was slow, and not dead."""
    slow = await turn_of(feed, "m1")
    clock.now += LEASE
    taken = await feed.take("one", holder="other")
    assert isinstance(taken, Turn)
    with pytest.raises(TurnLost):
        await feed.advance(slow, cursor="c", joiners_served=0)
    with pytest.raises(TurnLost):
        await feed.finish(slow)
    await feed.release(slow)
    assert await feed.take("one", holder="third") == Held(until=taken.until)
    assert await feed.finish(taken) is None


async def test_whoever_was_overtaken_learns_it_after_the_other_has_finished(feed: RoomFeed, clock: Clock) -> None:
    """Even if nobody has the turn then, or a third."""
    slow = await turn_of(feed, "m1")
    clock.now += LEASE
    taken = await feed.take("one", holder="other")
    assert isinstance(taken, Turn)
    assert await feed.finish(taken) is None
    await append(feed, "m2")
    with pytest.raises(TurnLost):
        await feed.finish(slow)
    with pytest.raises(TurnLost):
        await feed.advance(slow, cursor="c", joiners_served=0)
    assert [each.data for each in (await feed.stream("one")).pending] == ["m2"]


async def test_lease_that_ran_out_is_still_its_holders_if_nobody_came_by(feed: RoomFeed, clock: Clock) -> None:
    """There was nobody to overtake it."""
    turn = await turn_of(feed, "m1")
    clock.now += LEASE + 1
    renewed = await feed.advance(turn, cursor="c", joiners_served=0)
    assert renewed.until == clock.now + LEASE
    clock.now += LEASE + 1
    assert await feed.finish(renewed) is None


async def test_finish_that_is_repeated_does_not_drop_what_came_meanwhile(feed: RoomFeed) -> None:
    """Its answer was lost; what has come since is not delivered yet."""
    turn = await turn_of(feed, "m1")
    await append(feed, "m2")
    following = await feed.finish(turn)
    await append(feed, "m3")
    again = await attempt(feed, turn)
    # It goes on with the turn that it has, or learns that it does not have this one any more.
    assert again is None or said(again)[0] == (2, "m2")
    assert [each.data for each in (await feed.stream("one")).pending] == ["m2", "m3"]
    assert following is not None
    last = await feed.finish(again or following)
    if last:
        assert said(last) == [(3, "m3")]
        assert await feed.finish(last) is None


async def attempt(feed: RoomFeed, turn: Turn) -> Turn | None:
    """End a round, by a caller that may have ended it before."""
    try:
        return await feed.finish(turn)
    except TurnLost:
        return None


async def test_finish_that_gave_the_turn_up_may_be_repeated(feed: RoomFeed) -> None:
    """Whoever has come since keeps its turn and its message."""
    turn = await turn_of(feed, "m1")
    assert await feed.finish(turn) is None
    assert await attempt(feed, turn) is None
    other = await turn_of(feed, "m2")
    assert await attempt(feed, turn) is None
    assert said(other) == [(2, "m2")]
    assert await feed.take("one", holder="third") == Held(until=other.until)
    assert await feed.finish(other) is None


async def test_round_that_is_taken_over_goes_on_at_its_cursor_with_its_own_events(feed: RoomFeed, clock: Clock) -> None:
    """Those before the cursor have had these, and not what came later."""
    turn = (await append(feed, "m1", joiner=joiner("a"))).turn
    assert turn is not None
    await append(feed, "m2")
    clock.now += 5
    advanced = await feed.advance(turn, cursor="c500", joiners_served=1)
    assert (advanced.cursor, advanced.joiners_served, advanced.until) == ("c500", 1, clock.now + LEASE)
    assert said(advanced) == [(1, "m1")]
    await append(feed, "m3", joiner=joiner("b"))
    clock.now += LEASE
    taken = await feed.take("one", holder="other")
    assert isinstance(taken, Turn)
    assert said(taken) == [(1, "m1")]
    assert (taken.cursor, taken.joiners_served, list(taken.joiners)) == ("c500", 1, [joiner("a")])
    following = await feed.finish(taken)
    assert following is not None
    assert said(following) == [(2, "m2"), (3, "m3")]
    assert (following.cursor, following.joiners_served, list(following.joiners)) == ("", 0, [joiner("b")])


async def test_progress_renews_the_lease(feed: RoomFeed, clock: Clock) -> None:
    """A long round is nobody's to take."""
    turn = await turn_of(feed, "m1")
    for at in range(4):
        clock.now += LEASE - 1
        turn = await feed.advance(turn, cursor=f"c{at}", joiners_served=0)
        assert await feed.take("one", holder="other") == Held(until=turn.until)
    assert await feed.finish(turn) is None


async def test_turn_that_is_released_is_taken_at_its_place(feed: RoomFeed) -> None:
    """A room that is too large for one function is delivered to by one after the other."""
    turn = await feed.advance(await turn_of(feed, "m1"), cursor="c500", joiners_served=0)
    await feed.release(turn)
    await feed.release(turn)
    taken = await feed.take("one", holder="worker")
    assert isinstance(taken, Turn)
    assert (taken.cursor, said(taken)) == ("c500", [(1, "m1")])
    await feed.release(turn)
    assert await feed.take("one", holder="other") == Held(until=taken.until)
    await feed.release(taken)
    appended = (await append(feed, "m2")).turn
    assert appended is not None
    assert (appended.cursor, said(appended)) == ("c500", [(1, "m1")])
    following = await feed.finish(appended)
    assert said(following) == [(2, "m2")]


async def test_take_that_is_repeated_has_the_turn(feed: RoomFeed, clock: Clock) -> None:
    """The answer to its first attempt was lost."""
    await turn_of(feed, "m1")
    clock.now += LEASE
    assert await feed.take("one", holder="worker") == await feed.take("one", holder="worker")


async def test_there_is_no_turn_where_nothing_is_to_be_delivered(feed: RoomFeed) -> None:
    """A wake-up that comes late, for a room that never had a message or has delivered all."""
    assert await feed.take("one", holder="worker") is None
    await feed.stream("one")
    assert await feed.take("one", holder="worker") is None
    assert await feed.finish(await turn_of(feed, "m1")) is None
    assert await feed.take("one", holder="worker") is None


async def test_wake_up_that_was_noted_is_told_to_those_without_the_turn(feed: RoomFeed, clock: Clock) -> None:
    """So that one is sent for all of them."""
    turn = await turn_of(feed, "m1")
    assert (await append(feed, "m2")).wake_up_at == 0
    await feed.note_wake_up("one", at=clock.now + 11.5)
    assert (await append(feed, "m3")).wake_up_at == clock.now + 11.5
    following = await feed.finish(turn)
    assert said(following) == [(2, "m2"), (3, "m3")]


async def test_note_of_a_wake_up_for_a_room_without_a_feed_is_no_error(feed: RoomFeed, clock: Clock) -> None:
    """And does not begin one with a turn."""
    await feed.note_wake_up("one", at=clock.now)
    assert said(await turn_of(feed, "m1")) == [(1, "m1")]


async def test_stream_begins_when_it_is_first_looked_at(feed: RoomFeed) -> None:
    """Who joins an empty room has a position to recover from."""
    streams = await asyncio.gather(*(feed.stream("one") for _ in range(5)))
    assert {each.top for each in streams} == {StreamPosition(streams[0].top.epoch, 0)}
    assert streams[0].top.epoch
    assert list(streams[0].pending) == []
    assert (await append(feed, "m1")).position == StreamPosition(streams[0].top.epoch, 1)


async def test_stream_shows_its_top_after_everything_is_delivered(feed: RoomFeed) -> None:
    """What is not pending is in the history."""
    assert await feed.finish(await turn_of(feed, "m1")) is None
    stream = await feed.stream("one")
    assert (stream.top.offset, list(stream.pending)) == (1, [])


async def test_streams_of_rooms_are_separate(feed: RoomFeed) -> None:
    """Each has its own offsets, epoch and turn."""
    rooms = ("one", "two")
    appended = [await feed.append(room, message(room), event_id="e", holder="h") for room in rooms]
    assert [said(each.turn) for each in appended] == [[(1, "one")], [(1, "two")]]
    assert appended[0].position.epoch != appended[1].position.epoch


async def test_feed_that_is_full_takes_nothing_more_until_it_is_delivered(feed: RoomFeed) -> None:
    """The sender is told to try again; what has its place keeps it."""
    turn: Turn | None = await turn_of(feed, "m0")
    accepted = 1
    while await takes(feed, f"m{accepted}", "x" * 600):
        accepted += 1
    assert 200 <= accepted <= 1000
    offsets: list[int] = []
    while turn:
        offsets += [offset for offset, _ in said(turn)]
        turn = await feed.finish(turn)
    assert offsets == list(range(1, accepted + 1))
    assert said(await turn_of(feed, "later")) == [(accepted + 1, "later")]


async def takes(feed: RoomFeed, name: str, data: str) -> bool:
    """Append a message, if the feed takes it."""
    try:
        await feed.append("one", message(data), event_id=name, holder=name)
    except RoomBusy:
        return False
    return True


async def test_many_joiners_are_all_served_in_order(feed: RoomFeed) -> None:
    """A room's clients come back at once: in several rounds, if need be."""
    turn = await turn_of(feed, "m1")
    ids = [f"c{i:03}" for i in range(120)]
    for each in ids:
        await feed.append("one", None, event_id=each, holder=each, joiner=joiner(each))
    served: list[str] = []
    following: Turn | None = turn
    while following:
        served += [each.member.connection.id for each in following.joiners]
        following = await feed.finish(following)
    assert served == ids


async def test_many_that_publish_and_deliver_side_by_side_deliver_everything_once_and_in_order(
    feed: RoomFeed,
) -> None:
    """As long as nobody dies."""
    delivered: list[int] = []

    async def publish(name: str) -> None:
        turn = (await append(feed, name)).turn
        while turn:
            delivered.extend(offset for offset, _ in said(turn))
            turn = await feed.finish(turn)

    await asyncio.gather(*(publish(f"m{i}") for i in range(60)))
    assert delivered == list(range(1, 61))


@pytest.mark.parametrize("seed", range(3))
async def test_whoever_dies_everything_is_delivered_and_at_first_in_order(
    feed: RoomFeed, clock: Clock, seed: int
) -> None:
    """Deliverers die between any two requests, and leases run out under the living. Some things are repeated."""
    chance = random.Random(seed)
    delivered: list[tuple[int, object]] = []

    async def publish(name: str) -> None:
        await asyncio.sleep(chance.random() / 10)
        turn = (await append(feed, name)).turn
        with suppress(TurnLost):
            while turn and chance.random() > 0.1:
                if clock.now >= turn.until:
                    # A deliverer stops by its own clock.
                    return
                delivered.extend(said(turn))
                if chance.random() < 0.3:
                    turn = await feed.advance(turn, cursor=name, joiners_served=0)
                if chance.random() < 0.1:
                    return
                turn = await feed.finish(turn)

    async def let_time_pass() -> None:
        for _ in range(20):
            await asyncio.sleep(chance.random() / 50)
            clock.now += chance.choice([1, 1, LEASE])

    await asyncio.gather(let_time_pass(), *(publish(f"m{i}") for i in range(60)))
    clock.now += LEASE
    last = await feed.take("one", holder="last")
    while last:
        assert isinstance(last, Turn)
        delivered += said(last)
        last = await feed.finish(last)
    first = list(dict.fromkeys(delivered))
    assert [offset for offset, _ in first] == list(range(1, 61))
    assert {data for _, data in first} == {f"m{i}" for i in range(60)}


async def test_feed_outlives_its_last_message_by_weeks(feed: RoomFeed, clock: Clock) -> None:
    """Who comes back after a holiday is told truthfully what it missed."""
    assert await feed.finish(await turn_of(feed, "m1")) is None
    before = await feed.stream("one")
    clock.now += 29 * 24 * 3600
    assert (await feed.stream("one")).top == before.top
    assert (await append(feed, "m2")).position == StreamPosition(before.top.epoch, 2)


TURN = Turn(room="one", holder="h", round=1, until=0, epoch="e", delivered=0, events=(), joiners=())

CALLS: dict[str, Callable[[RoomFeed, float], Awaitable[object]]] = {
    "append": lambda feed, deadline: feed.append("one", message(), event_id="e", holder="h", deadline=deadline),
    "take": lambda feed, deadline: feed.take("one", holder="h", deadline=deadline),
    "advance": lambda feed, deadline: feed.advance(TURN, cursor="c", joiners_served=0, deadline=deadline),
    "finish": lambda feed, deadline: feed.finish(TURN, deadline=deadline),
    "release": lambda feed, deadline: feed.release(TURN, deadline=deadline),
    "note_wake_up": lambda feed, deadline: feed.note_wake_up("one", at=0, deadline=deadline),
    "stream": lambda feed, deadline: feed.stream("one", deadline=deadline),
}


@pytest.mark.parametrize("call", CALLS)
async def test_what_cannot_be_reached_is_unavailable(broken_stores: Stores, call: str) -> None:
    """A use case can tell its client to try again, whatever the store is made of."""
    with pytest.raises(Unavailable):
        await CALLS[call](broken_stores.feed, time.monotonic() + 60)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("seconds", [0.2, -1.0], ids=["soon", "over"])
async def test_what_does_not_answer_is_unavailable_at_the_deadline(
    hanging_stores: Stores, call: str, seconds: float
) -> None:
    """Before the function that asked is stopped; a store by itself waits far longer."""
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable):
            await CALLS[call](hanging_stores.feed, time.monotonic() + seconds)


async def test_time_that_is_left_changes_nothing(feed: RoomFeed, clock: Clock) -> None:
    """Every method takes a deadline, and is done long before it."""
    deadline = time.monotonic() + 60
    turn = (await feed.append("one", message(), event_id="e", holder="h", deadline=deadline)).turn
    assert turn is not None
    turn = await feed.advance(turn, cursor="c", joiners_served=0, deadline=deadline)
    await feed.note_wake_up("one", at=clock.now, deadline=deadline)
    await feed.release(turn, deadline=deadline)
    again = await feed.take("one", holder="i", deadline=deadline)
    assert isinstance(again, Turn)
    assert (await feed.stream("one", deadline=deadline)).top.offset == 1
    assert await feed.finish(again, deadline=deadline) is None
