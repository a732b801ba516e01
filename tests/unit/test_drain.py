"""Delivering by turns: rounds, large rooms, takeovers, and what happens when something behind a port fails."""

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from adapters.memory import MemoryMessageSink, MemoryRoomFeed, MemoryRoomHistory, MemoryRooms, MemoryWakeUps
from chat_core import (
    Budget,
    Chat,
    Connection,
    Frame,
    Handshake,
    KeepAlive,
    Member,
    MessagePublished,
    Outcome,
    Outcomes,
    Report,
    RoomOptions,
    Rooms,
    TurnLost,
    Unavailable,
)
from chat_core.use_cases import publish
from tests.support.chat import WITHOUT_END, MemoryChat, until

LATE = Budget(deadline=math.inf, yield_at=-math.inf)
"""A caller whose time to deliver is over as soon as something was delivered."""


async def fill(chat: MemoryChat, count: int) -> list[list[str]]:
    return [await chat.join(f"c{i:03}") for i in range(count)]


async def unavailable(*_args: object, **_more: object) -> Any:
    raise Unavailable("down")


class Switch:
    """Replaces a method of a port for some calls."""

    def __init__(self, port: Any, name: str, replacement: Callable[..., Any], *, calls: range) -> None:
        self._method = getattr(port, name)
        self._replacement = replacement
        self._calls = calls
        self.count = 0
        setattr(port, name, self)

    async def __call__(self, *args: Any, **more: Any) -> Any:
        self.count += 1
        if self.count - 1 in self._calls:
            return await self._replacement(*args, **more)
        return await self._method(*args, **more)


async def test_large_room_is_left_to_a_worker_who_goes_on_where_it_ended(chat: MemoryChat) -> None:
    """Nobody twice, nobody left out; the publisher has its reply."""
    inboxes = await fill(chat, 30)
    report = await chat.announce(MessagePublished(data="hi"), LATE)
    assert report.continues
    assert 0 < sum(map(len, inboxes)) < 30
    reports = await chat.wake(LATE)
    assert inboxes == [["hi"]] * 30
    assert len(reports) > 2
    assert not reports[-1].continues
    assert report.delivered + sum(each.delivered for each in reports) == 30


async def test_what_is_sent_meanwhile_comes_after_for_everyone(chat: MemoryChat) -> None:
    """For those before the cursor as well, who had the first message already."""
    inboxes = await fill(chat, 10)
    await chat.announce(MessagePublished(data="one"), LATE)
    await chat.announce(MessagePublished(data="two"), LATE)
    await chat.wake()
    assert inboxes == [["one", "two"]] * 10


async def test_whoever_joins_in_the_middle_of_a_round_hears_it_all_once(chat: MemoryChat) -> None:
    """Before the cursor and behind it."""
    await fill(chat, 10)
    await chat.announce(MessagePublished(data="one"), LATE)
    first, last = await chat.client("a", "lobby"), await chat.client("z", "lobby")
    await chat.announce(MessagePublished(data="two"), LATE)
    await chat.wake()
    for each in (first, last):
        assert each.publications("lobby") == [(2, "two")]


async def test_deliverer_that_dies_loses_nobody_and_repeats_at_most_a_chunk(chat: MemoryChat) -> None:
    """The worker takes its turn over when the lease has ended."""
    inboxes = await fill(chat, 20)
    died = asyncio.get_running_loop().create_future()

    async def die(*_args: object, **_more: object) -> None:
        died.set_result(None)
        await asyncio.Event().wait()

    assert chat.feed is not None
    Switch(chat.feed, "advance", die, calls=range(2, 3))
    dying = asyncio.create_task(chat.announce(MessagePublished(data="hi")))
    await died
    dying.cancel()
    await chat.announce(MessagePublished(data="later"))
    await chat.wake()
    assert all(list(dict.fromkeys(inbox)) == ["hi", "later"] for inbox in inboxes)
    assert sum(inbox.count("hi") for inbox in inboxes) <= 20 + chat.chunk + 2


async def test_turn_that_was_lost_is_given_up(chat: MemoryChat) -> None:
    """Whoever took it over delivers; the message is as good as delivered, since a worker comes in any case."""
    await fill(chat, 3)

    async def lose(*_args: object, **_more: object) -> None:
        raise TurnLost

    assert chat.feed is not None
    Switch(chat.feed, "finish", lose, calls=range(1))
    report = await chat.announce(MessagePublished(data="hi"))
    assert report.continues
    assert isinstance(chat.wake_ups, MemoryWakeUps)
    assert [room for room, _ in chat.wake_ups.waiting] == ["lobby"]


@pytest.mark.parametrize("method", ["finish", "advance"])
async def test_feed_that_fails_in_the_middle_leaves_the_rest_to_a_worker(chat: MemoryChat, method: str) -> None:
    """After the lease, from the place that was noted last."""
    inboxes = await fill(chat, 10)
    assert chat.feed is not None
    Switch(chat.feed, method, unavailable, calls=range(1))
    report = await chat.announce(MessagePublished(data="hi"))
    assert report.continues
    await chat.wake()
    assert all(set(inbox) == {"hi"} for inbox in inboxes)


async def test_history_that_fails_keeps_the_messages_on_the_feed(chat: MemoryChat) -> None:
    """They leave it when they are delivered and recorded."""
    client = await chat.client("c", "r")
    assert chat.history is not None
    Switch(chat.history, "record", unavailable, calls=range(1))
    assert await client.result("publish", channel="r", data="hi") == {}
    await chat.wake()
    found = await client.result("history", channel="r", limit=5)
    assert [each["data"] for each in found["publications"]] == ["hi"]
    assert set(client.publications("r")) == {(1, "hi")}


async def test_without_a_worker_a_failure_is_told() -> None:
    """Nobody would come by."""
    chat = MemoryChat(wake_ups=None)
    client = await chat.client("c", "r")
    assert chat.feed is not None
    Switch(chat.feed, "finish", unavailable, calls=range(1))
    reply = await client.one("publish", channel="r", data="hi")
    assert reply["error"]["code"] == 100


async def test_without_a_worker_a_room_is_delivered_to_its_end() -> None:
    """However long that takes."""
    chat = MemoryChat(wake_ups=None)
    inboxes = await fill(chat, 30)
    report = await chat.announce(MessagePublished(data="hi"), LATE)
    assert inboxes == [["hi"]] * 30
    assert not report.continues


async def test_where_no_worker_can_be_woken_the_deliverer_goes_on(
    chat: MemoryChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the turn that it had given up."""
    inboxes = await fill(chat, 30)
    monkeypatch.setattr(chat.wake_ups, "send", unavailable)
    await chat.announce(MessagePublished(data="hi"), LATE)
    assert inboxes == [["hi"]] * 30


async def test_one_wake_up_is_enough_for_many_messages(chat: MemoryChat) -> None:
    """Each costs money, and a busy room has many publishers without the turn."""
    ann, bob = await chat.client("ann", "r"), await chat.client("bob", "r")
    gate = asyncio.Event()
    send = chat.sink._sends["bob"]

    async def wait(text: str) -> None:
        await gate.wait()
        await send(text)

    chat.sink.attach("bob", wait)
    first = asyncio.create_task(ann.result("publish", channel="r", data=0))
    await until(lambda: ann.publications("r"))
    for i in range(1, 6):
        await ann.result("publish", channel="r", data=i)
    assert isinstance(chat.wake_ups, MemoryWakeUps)
    assert len(chat.wake_ups.waiting) == 1
    gate.set()
    await first
    assert bob.publications("r") == [(i + 1, i) for i in range(6)]
    assert len(bob.inbox) < 3 + 6


async def test_audience_of_a_room_in_which_another_has_the_turn_is_not_read_for_each_message(
    chat: MemoryChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A room of a thousand would be read a hundred times a second in vain, and its partition has a limit."""
    ann = await chat.client("ann", "r")
    assert chat.feed is not None
    await chat.feed.append("r", MessagePublished(room="r", data=0), event_id="1", holder="another")
    read: list[str] = []
    pages = chat.rooms.pages

    def count(room: str, **more: Any) -> Any:
        read.append(room)
        return pages(room, **more)

    monkeypatch.setattr(chat.rooms, "pages", count)
    for i in range(1, 6):
        await ann.result("publish", channel="r", data=i)
    assert read == ["r"]
    chat.clock.pass_by(20)
    await ann.result("publish", channel="r", data=6)
    assert [offset for offset, _ in ann.publications("r")] == [1, 2, 3, 4, 5, 6, 7]
    assert read == ["r", "r"]


async def test_only_so_many_busy_rooms_are_remembered(chat: MemoryChat, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process lives for hours, and clients name the rooms."""
    monkeypatch.setattr(publish, "MOST_BUSY", 2)
    ann = await chat.client("ann", "r1", "r2", "r3")
    assert chat.feed is not None
    for room in ("r1", "r2", "r3"):
        await chat.feed.append(room, MessagePublished(room=room, data=0), event_id=room, holder="another")
        await ann.result("publish", channel=room, data=1)
    assert len(chat.chat._append._busy_until) == 1


async def test_reply_does_not_wait_longer_than_a_second_for_the_delivery(chat: MemoryChat) -> None:
    """Its client would give up after five. A worker is on its way by then."""
    ann = await chat.client("ann", "r")
    await chat.client("bob", "r")
    gate = asyncio.Event()

    async def wait(_text: str) -> None:
        await gate.wait()

    chat.sink.attach("bob", wait)
    replying = asyncio.create_task(ann.result("publish", channel="r", data="hi"))
    await asyncio.sleep(0.01)
    assert not [each for each in ann.received if "publish" in each]
    chat.clock.pass_by(1.0)
    await until(lambda: [each for each in ann.received if "publish" in each])
    assert isinstance(chat.wake_ups, MemoryWakeUps)
    assert len(chat.wake_ups.waiting) == 1
    gate.set()
    await replying


async def test_worker_that_finds_the_turn_taken_comes_again(chat: MemoryChat) -> None:
    """When the lease has ended: the deliverer may be dead."""
    assert chat.feed is not None
    await chat.feed.append("r", MessagePublished(room="r", data="hi"), event_id="1", holder="dead")
    client = await chat.client("c")
    report = await chat.chat.drain_room("r", WITHOUT_END)
    assert report.continues
    assert isinstance(chat.wake_ups, MemoryWakeUps)
    assert chat.wake_ups.waiting[-1][1] > 10
    await client.result("subscribe", channel="r")
    await chat.wake()
    assert (await chat.chat.drain_room("r", WITHOUT_END)).rounds == 0


async def test_member_that_nobody_made_live_is_told_to_subscribe_again(chat: MemoryChat) -> None:
    """The function that joined it has died; after a minute it counts as forgotten."""
    ann, bob = await chat.client("ann", "r"), await chat.client("bob")
    session = await chat.rooms.find("bob")
    assert session is not None
    await chat.rooms.join("r", Member(connection=session.connection, command=2), most_rooms=10)
    await ann.result("publish", channel="r", data=1)
    assert bob.pushes == []
    chat.clock.pass_by(61)
    await ann.result("publish", channel="r", data=2)
    assert bob.pushes == [{"channel": "r", "unsubscribe": {"code": 2500, "reason": "insufficient state"}}]


async def test_joiner_that_is_too_far_behind_subscribes_again(chat: MemoryChat) -> None:
    """What was delivered meanwhile is not kept any more."""
    chat = MemoryChat(options=Rooms(without_namespace=RoomOptions(allow_publish_for_client=True)))
    ann, bob = await chat.client("ann", "r"), await chat.client("bob")
    assert chat.history is not None
    gate = asyncio.Event()
    append = chat.feed.append  # type: ignore[union-attr]

    async def slowly(*args: Any, **more: Any) -> Any:
        if more.get("joiner"):
            await gate.wait()
        return await append(*args, **more)

    chat.feed.append = slowly  # type: ignore[union-attr,method-assign]
    joining = asyncio.create_task(bob.result("subscribe", channel="r"))
    await until(lambda: [each for each in bob.received if "subscribe" in each])
    await ann.result("publish", channel="r", data=1)
    await chat.history.clear("r")
    gate.set()
    await joining
    assert bob.pushes == [{"channel": "r", "unsubscribe": {"code": 2500, "reason": "insufficient state"}}]


async def test_joiner_catches_up_with_what_was_delivered_meanwhile(chat: MemoryChat) -> None:
    """Between its reply and its turn."""
    ann, bob = await chat.client("ann", "r"), await chat.client("bob")
    gate = asyncio.Event()
    append = chat.feed.append  # type: ignore[union-attr]

    async def slowly(*args: Any, **more: Any) -> Any:
        if more.get("joiner"):
            await gate.wait()
        return await append(*args, **more)

    chat.feed.append = slowly  # type: ignore[union-attr,method-assign]
    joining = asyncio.create_task(bob.result("subscribe", channel="r"))
    await until(lambda: [each for each in bob.received if "subscribe" in each])
    for i in (1, 2, 3):
        await ann.result("publish", channel="r", data=i)
    gate.set()
    await joining
    await ann.result("publish", channel="r", data=4)
    assert bob.publications("r") == [(i, i) for i in (1, 2, 3, 4)]


async def test_throttled_member_has_a_second_chance(chat: MemoryChat) -> None:
    """Whoever is throttled again and again subscribes again, and recovers."""
    ann, bob = await chat.client("ann", "r"), await chat.client("bob", "r")
    deliver = chat.sink.deliver
    refused = 1

    async def throttle(*, payload: str, connection_ids: Sequence[str], deadline: float) -> Outcomes:
        nonlocal refused
        if "bob" in connection_ids and refused:
            refused -= 1
            others = [each for each in connection_ids if each != "bob"]
            outcomes = await deliver(payload=payload, connection_ids=others, deadline=deadline)
            failed = {**outcomes.failed, "bob": Outcome.THROTTLED}
            return Outcomes(delivered=outcomes.delivered, gone=outcomes.gone, failed=failed)
        return await deliver(payload=payload, connection_ids=connection_ids, deadline=deadline)

    chat.sink.deliver = throttle  # type: ignore[method-assign]
    await ann.result("publish", channel="r", data=1)
    assert bob.publications("r") == [(1, 1)]
    assert ann.last.report is not None
    assert ann.last.report.retried == 1
    refused = 4
    await ann.result("publish", channel="r", data=2)
    assert bob.pushes[-1]["unsubscribe"]["code"] == 2500


async def test_codec_that_is_not_known_here_fails_its_recipients_alone(chat: MemoryChat) -> None:
    """As can happen while a new version is deployed."""
    inbox = await chat.join("a")
    await chat.rooms.open(Connection(id="new", codec="from the future"), room="lobby")
    report = await chat.announce(MessagePublished(data="hi"))
    assert (report.delivered, report.failed) == (1, {Outcome.UNKNOWN_CODEC: 1})
    assert inbox == ["hi"]


async def test_failing_to_remove_is_reported_and_fails_no_delivery(
    chat: MemoryChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next message meets the connection again."""
    inbox = await chat.join("a")
    await chat.join("gone")
    chat.sink.detach("gone")
    monkeypatch.setattr(chat.rooms, "close", unavailable)
    report = await chat.announce(MessagePublished(data="hi"))
    assert (report.delivered, report.gone, report.not_removed) == (1, 1, 1)
    assert inbox == ["hi"]


async def test_busy_room_costs_fewer_posts(chat: MemoryChat) -> None:
    """All that came while one round was delivered goes out in one message to each member."""
    clients = [await chat.client(f"c{i}", "r") for i in range(3)]
    before = [len(each.inbox) for each in clients]
    await asyncio.gather(*(clients[i % 3].call({"publish": {"channel": "r", "data": i}}) for i in range(30)))
    for client, count in zip(clients, before, strict=True):
        assert [offset for offset, _ in client.publications("r")] == list(range(1, 31))
        assert len(client.inbox) - count < 30


async def test_member_that_is_gone_when_it_is_asked_to_subscribe_again_is_removed(chat: MemoryChat) -> None:
    """What it missed concerns nobody any more."""
    ann = await chat.client("ann", "r")
    await chat.client("bob", "r")

    async def fail_and_go(text: str) -> None:
        chat.sink.detach("bob")
        raise RuntimeError(text)

    chat.sink.attach("bob", fail_and_go)
    await ann.result("publish", channel="r", data="hi")
    assert await chat.rooms.find("bob") is None


async def test_member_of_a_codec_that_is_not_known_here_is_not_asked_to_subscribe_again(chat: MemoryChat) -> None:
    """It would not understand."""
    ann = await chat.client("ann", "r")
    connection = Connection(id="new", codec="from the future")
    await chat.rooms.open(connection)
    await chat.rooms.accept(connection, room="*")
    await chat.rooms.join("r", Member(connection=connection, command=1), most_rooms=5)
    chat.clock.pass_by(61)
    assert await ann.result("publish", channel="r", data="hi") == {}


async def test_member_that_fails_at_one_frame_receives_none_of_the_later_ones(chat: MemoryChat) -> None:
    """A plain client has one for each message, and they come in order or not at all."""
    inbox, other = await chat.join("a"), await chat.join("b")
    assert chat.feed is not None
    await chat.feed.append("lobby", MessagePublished(data="one"), event_id="1", holder="dead")
    await chat.feed.append("lobby", MessagePublished(data="two"), event_id="2", holder="other")
    send = chat.sink._sends["b"]

    async def fail_at_one(text: str) -> None:
        if text == "one":
            raise RuntimeError(text)
        await send(text)

    chat.sink.attach("b", fail_at_one)
    chat.clock.pass_by(11)
    report = await chat.announce(MessagePublished(data="three"))
    assert inbox == ["one", "two", "three"]
    assert other == []
    assert (report.delivered, report.failed) == (1, {Outcome.UNAVAILABLE: 1})


async def test_cancelling_a_delivery_leaves_nothing_running(chat: MemoryChat) -> None:
    """Neither the deliveries nor the writing of the history."""
    for each in "abcde":
        await chat.join(each)

    async def hang(*_args: object, **_more: object) -> None:
        await asyncio.Event().wait()

    for each in "abcde":
        chat.sink.attach(each, hang)
    assert chat.history is not None
    Switch(chat.history, "record", hang, calls=range(9))
    before = asyncio.all_tasks()
    sending = asyncio.create_task(chat.announce(MessagePublished(data="hi")))
    await asyncio.sleep(0.01)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_more_pages_than_may_be_in_flight(chat: MemoryChat) -> None:
    """Reading waits for the deliveries, so that memory stays bounded."""
    chat = MemoryChat(chunk=10_000)
    inboxes = await fill(chat, 2 * 40)
    gate = asyncio.Event()
    begun = 0
    deliver = chat.sink.deliver

    async def wait(*, payload: str, connection_ids: Sequence[str], deadline: float) -> Outcomes:
        nonlocal begun
        begun += 1
        await gate.wait()
        return await deliver(payload=payload, connection_ids=connection_ids, deadline=deadline)

    chat.sink.deliver = wait  # type: ignore[method-assign]
    sending = asyncio.create_task(chat.announce(MessagePublished(data="hi")))
    await asyncio.sleep(0.05)
    assert begun == 32
    gate.set()
    await sending
    assert inboxes == [["hi"]] * 80


async def test_turn_that_another_took_after_it_was_given_up(chat: MemoryChat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no worker can be woken, somebody who came by is as good."""
    await fill(chat, 10)
    assert chat.feed is not None

    async def nothing_left(*_args: object, **_more: object) -> None:
        return None

    monkeypatch.setattr(chat.wake_ups, "send", unavailable)
    monkeypatch.setattr(chat.feed, "take", nothing_left)
    report = await chat.announce(MessagePublished(data="hi"), LATE)
    assert report.delivered < 10


async def test_queue_that_fails_as_well_is_told(chat: MemoryChat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is known to come for the message."""
    client = await chat.client("c", "r")
    assert chat.feed is not None
    Switch(chat.feed, "finish", unavailable, calls=range(1))
    monkeypatch.setattr(chat.wake_ups, "send", unavailable)
    assert (await client.one("publish", channel="r", data="hi"))["error"]["code"] == 100


async def test_wake_up_that_cannot_be_noted_comes_all_the_same(
    chat: MemoryChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the note, another may be sent."""
    assert chat.feed is not None
    await chat.feed.append("r", MessagePublished(room="r", data="first"), event_id="1", holder="dead")
    monkeypatch.setattr(chat.feed, "note_wake_up", unavailable)
    client = await chat.client("c")
    await client.result("subscribe", channel="r")
    assert isinstance(chat.wake_ups, MemoryWakeUps)
    assert len(chat.wake_ups.waiting) == 1


async def test_leaves_that_a_delivery_found_are_told_to_other_rooms(chat: MemoryChat) -> None:
    """By the same deliverer, when it is done with its own room."""
    chat = MemoryChat(options=Rooms(without_namespace=RoomOptions(force_push_join_leave=True)))
    ann, bob = await chat.client("ann", "one"), await chat.client("bob", "two")
    await chat.client("eve", "one", "two")
    chat.sink.detach("eve")
    await ann.result("publish", channel="one", data="anyone?")
    for each in (ann, bob):
        assert [one["leave"]["info"]["client"] for one in each.pushes if "leave" in one] == ["eve"]


async def test_everyone_is_kept_alive(chat: MemoryChat) -> None:
    """By a frame that no client shows; plain clients receive nothing."""
    plain = await chat.join("p")
    clients = [await chat.client(f"c{i}") for i in range(10)]
    report = await chat.announce(KeepAlive())
    assert report.delivered == 10
    assert [each.received[-1] for each in clients] == [{"id": 4294967295}] * 10
    assert plain == []


async def test_room_whose_namespace_is_no_more_is_delivered_to_still(chat: MemoryChat) -> None:
    """Whoever is in it was there before."""
    chat = MemoryChat(options=Rooms(namespaces={"n": RoomOptions()}))
    client = await chat.client("c", "n:r")
    del chat.options.namespaces["n"]  # type: ignore[attr-defined]
    await chat.announce(MessagePublished(room="n:r", data="hi"))
    assert client.publications("n:r") == [(0, "hi")]


async def test_broken_history_and_cancelled_round_without_messages(chat: MemoryChat) -> None:
    """A round of joins and leaves alone records nothing, and has nothing to cancel."""
    chat = MemoryChat(options=Rooms(without_namespace=RoomOptions(force_push_join_leave=True)))
    await chat.client("a", "r")
    chat.rooms.pages = broken_pages  # type: ignore[method-assign]
    client = await chat.client("b")
    await client.result("subscribe", channel="r")
    assert isinstance(chat.wake_ups, MemoryWakeUps)
    assert chat.wake_ups.waiting


def broken_pages(*_args: object, **_more: object) -> Any:
    """Return pages that cannot be read."""

    async def pages() -> Any:
        raise Unavailable("down")
        yield

    return pages()


async def test_worker_without_a_queue_waits_for_nobody() -> None:
    """A process that wakes itself, for example at its start."""
    chat = MemoryChat(wake_ups=None)
    assert chat.feed is not None
    await chat.feed.append("r", MessagePublished(room="r", data="hi"), event_id="1", holder="other")
    assert (await chat.chat.drain_room("r", WITHOUT_END)).continues
    client = await chat.client("c")
    assert "error" not in await client.one("subscribe", channel="r")


async def test_chat_of_ports_alone_has_a_clock_and_ids() -> None:
    """What an embedder starts from."""
    sink, inbox = MemoryMessageSink(), list[str]()

    async def send(text: str) -> None:
        inbox.append(text)

    sink.attach("a", send)
    chat = Chat.of(
        store=MemoryRooms(),
        feed=MemoryRoomFeed(),
        history=MemoryRoomHistory(),
        sink=sink,
        start_task=asyncio.create_task,
        sleep=asyncio.sleep,
    )
    await chat.open_connection(Handshake(connection_id="a"))
    result = await chat.receive_frame(Frame(connection_id="a", text='{"action":"sendmessage","data":"hi"}'))
    assert inbox == ["hi"]
    assert result.report is not None
    assert (result.report + Report(delivered=1)).summary()["delivered"] == 2


async def test_turn_that_was_lost_where_nobody_can_be_woken() -> None:
    """Whoever has it delivers."""
    chat = MemoryChat(wake_ups=None)
    await fill(chat, 3)

    async def lose(*_args: object, **_more: object) -> None:
        raise TurnLost

    assert chat.feed is not None
    Switch(chat.feed, "finish", lose, calls=range(1))
    assert (await chat.announce(MessagePublished(data="hi"))).continues


async def test_room_whose_reading_fails_in_the_middle(chat: MemoryChat) -> None:
    """Whoever was read before still receives the message; a worker comes for the others."""
    inboxes = await fill(chat, 6)
    pages = chat.rooms.pages

    def some_pages(*args: Any, **more: Any) -> Any:
        async def read() -> Any:
            async for page in pages(*args, **more):
                yield page
                raise Unavailable("down")

        return read()

    chat.rooms.pages = some_pages  # type: ignore[method-assign]
    assert (await chat.announce(MessagePublished(data="hi"))).continues
    assert sum(map(len, inboxes)) == 2
    chat.rooms.pages = pages  # type: ignore[method-assign]
    await chat.wake()
    assert all(inboxes)
