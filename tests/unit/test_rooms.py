"""Rooms as clients of the Centrifuge protocol see them: joining, talking, asking, coming back."""

import asyncio
import json
from typing import Any

import pytest

from chat_core import Connection, Frame, Handshake, Limits, MessagePublished, RoomOptions, Rooms, Turn, Unavailable
from chat_core.use_cases import senders
from tests.support.chat import RICH, WITHOUT_END, Client, MemoryChat

OPEN = RoomOptions()
ROOMS = Rooms(
    without_namespace=OPEN,
    namespaces={
        "told": RoomOptions(force_push_join_leave=True),
        "asked": RoomOptions(join_leave=True),
        "small": RoomOptions(history_size=3),
        "short": RoomOptions(history_ttl=60),
        "bare": RoomOptions(history_size=0, presence=False),
        "closed": RoomOptions(
            allow_subscribe_for_client=False,
            allow_publish_for_client=True,
            allow_history_for_client=True,
            allow_presence_for_client=True,
        ),
        "silent": RoomOptions(
            allow_publish_for_subscriber=False,
            allow_history_for_subscriber=False,
            allow_presence_for_subscriber=False,
        ),
        "onrequest": RoomOptions(force_recovery=False),
    },
)


@pytest.fixture
def chat() -> MemoryChat:
    """Return a chat with these rooms."""
    return MemoryChat(options=ROOMS)


async def say(client: Client, room: str, *data: Any) -> None:
    for each in data:
        assert await client.result("publish", channel=room, data=each) == {}


async def code(client: Client, command: str, **members: Any) -> int:
    """Return the code of the error that a command is answered with."""
    found: int = (await client.one(command, **members))["error"]["code"]
    return found


async def test_members_hear_each_other_and_nobody_else_does(chat: MemoryChat) -> None:
    """The publisher hears itself, as in Centrifugo; each publication says who sent it, and its place."""
    ann, bob, eve = await chat.client("ann", "r"), await chat.client("bob", "r"), await chat.client("eve", "other")
    await say(ann, "r", {"text": "hi"})
    expected = {
        "channel": "r",
        "pub": {"data": {"text": "hi"}, "offset": 1, "info": {"user": "", "client": "ann"}},
    }
    assert [{**each, "pub": {k: v for k, v in each["pub"].items() if k != "time"}} for each in bob.pushes] == [expected]
    assert ann.publications("r") == [(1, {"text": "hi"})]
    assert eve.pushes == []


async def test_plain_clients_and_others_meet_in_the_lobby(chat: MemoryChat) -> None:
    """A message of a plain client is a publication there, and the reverse."""
    plain, rich = await chat.join("p"), await chat.client("r", "lobby")
    await chat.receive("p", '{"action":"sendmessage","data":"live long"}')
    await say(rich, "lobby", "and prosper")
    assert plain == ["live long", "and prosper"]
    assert rich.publications("lobby") == [(1, "live long"), (2, "and prosper")]
    assert "info" not in rich.pushes[0]["pub"]


async def test_nothing_is_received_or_done_before_the_client_is_accepted(chat: MemoryChat) -> None:
    """Its `connect` may be handled beside its next frame, so that this one waits, but not for ever."""
    client = Client(chat, "c", await chat.join("c", codec=RICH))
    early = asyncio.create_task(client.call({"subscribe": {"channel": "r"}}))
    await asyncio.sleep(0)
    await client.result("connect")
    chat.clock.pass_by(0.1)
    assert [set(each) for each in await early] == [{"id", "subscribe"}]
    assert await chat.audience("r") == ["c"]


@pytest.mark.parametrize("opened_ago", [0.0, 60.0])
async def test_client_that_never_connects_is_sent_away(chat: MemoryChat, opened_ago: float) -> None:
    """By a push, since API Gateway knows no close codes."""
    inbox = await chat.join("c", codec=RICH)
    text = json.dumps({"id": 1, "subscribe": {"channel": "r"}})
    frame = Frame(connection_id="c", text=text, opened_at=chat.clock.now() - opened_ago)
    receiving = asyncio.create_task(chat.chat.receive_frame(frame, WITHOUT_END))
    while not receiving.done():
        await asyncio.sleep(0)
        chat.clock.pass_by(0.5)
    assert json.loads(inbox[-1]) == {"push": {"disconnect": {"code": 3501, "reason": "bad request"}}}
    assert await chat.audience("r") == []


async def test_second_connect_ends_the_connection(chat: MemoryChat) -> None:
    """As Centrifuge has it."""
    client = await chat.client("c", "r")
    await client.call({"connect": {}})
    assert await chat.audience("r") == []
    assert await chat.rooms.find("c") is None


async def test_whole_frame_is_answered_at_once(chat: MemoryChat) -> None:
    """JavaScript's client sends `connect` and all its subscriptions as one frame."""
    client = Client(chat, "c", await chat.join("c", codec=RICH))
    rooms = [f"r{i}" for i in range(50)]
    replies = await client.call({"connect": {}}, *({"subscribe": {"channel": each}} for each in rooms))
    assert ["connect" in each or "subscribe" in each for each in replies] == [True] * 51
    assert len(client.inbox) == 1
    for each in rooms:
        assert await chat.audience(each) == ["c"]


async def test_too_many_rooms_are_refused(chat: MemoryChat) -> None:
    """A client that joined thousands would cost its owner, and its next `connect` frame would not fit."""
    client = await chat.client("c")
    replies = await client.call(*({"subscribe": {"channel": f"r{i}"}} for i in range(130)))
    assert [each["error"]["code"] for each in replies if "error" in each] == [106, 106]
    assert "error" not in (await client.call({"unsubscribe": {"channel": "r0"}}, {"subscribe": {"channel": "new"}}))[1]


@pytest.mark.parametrize(
    ("room", "expected"),
    [("", 3501), ("x" * 256, 107), ("é", 107), ("a*", 107), ("no:such", 102), ("closed:r", 103), ("$r", 103)],
)
async def test_room_that_cannot_be_joined(chat: MemoryChat, room: str, expected: int) -> None:
    """The connection stays open, but for a frame that no client sends."""
    client = await chat.client("c")
    await client.call({"subscribe": {"channel": room}})
    last = client.received[-1]
    if expected == 3501:
        assert last["push"]["disconnect"]["code"] == expected
    else:
        assert last["error"]["code"] == expected


async def test_leaving_and_joining_again(chat: MemoryChat) -> None:
    """Twenty times in a burst, each command beside the others."""
    client, other = await chat.client("c"), await chat.client("o", "r")
    commands = [{"subscribe": {"channel": "r"}}, {"unsubscribe": {"channel": "r"}}] * 20
    await asyncio.gather(*(client.call(each) for each in commands))
    assert await chat.audience("r") == ["o"]
    await client.result("subscribe", channel="r")
    await say(other, "r", "hi")
    assert client.publications("r") == [(1, "hi")]


async def test_later_command_wins_whichever_is_done_first(chat: MemoryChat) -> None:
    """API Gateway hands in the frames of one client side by side."""
    client = await chat.client("c")
    leave, join = {"id": 11, "unsubscribe": {"channel": "r"}}, {"id": 10, "subscribe": {"channel": "r"}}
    for each in (leave, join):
        await chat.receive("c", json.dumps(each))
    assert await chat.audience("r") == []
    assert [set(each) for each in client.received[-2:]] == [{"id", "unsubscribe"}, {"id", "subscribe"}]
    await chat.receive("c", json.dumps({"id": 13, "subscribe": {"channel": "r"}}))
    await chat.receive("c", json.dumps({"id": 12, "unsubscribe": {"channel": "r"}}))
    assert await chat.audience("r") == ["c"]


async def test_joins_and_leaves_are_told_to_whom_they_concern(chat: MemoryChat) -> None:
    """To all where it is forced, else to those that ask."""
    ann = await chat.client("ann", "told:r", "asked:r")
    bob = await chat.client("bob", "asked:r", join_leave=True)
    eve = await chat.client("eve", "told:r", "asked:r")
    await eve.result("unsubscribe", channel="asked:r")
    await chat.leave("eve")
    news = [
        (each["channel"], kind, each[kind]["info"]["client"])
        for each in ann.pushes
        for kind in ("join", "leave")
        if kind in each
    ]
    assert news == [("told:r", "join", "ann"), ("told:r", "join", "eve"), ("told:r", "leave", "eve")]
    assert [
        (kind, each[kind]["info"]["client"]) for each in bob.pushes for kind in ("join", "leave") if kind in each
    ] == [
        ("join", "bob"),
        ("join", "eve"),
        ("leave", "eve"),
    ]


async def test_member_that_is_found_gone_has_left(chat: MemoryChat) -> None:
    """API Gateway's `$disconnect` may never come."""
    ann = await chat.client("ann", "told:r")
    await chat.client("bob", "told:r")
    chat.sink.detach("bob")
    await say(ann, "told:r", "anyone?")
    await chat.wake()
    assert [each["leave"]["info"]["client"] for each in ann.pushes if "leave" in each] == ["bob"]
    assert await ann.result("presence_stats", channel="told:r") == {"num_clients": 1, "num_users": 1}


async def test_presence(chat: MemoryChat) -> None:
    """Who is there, and how many."""
    ann = await chat.client("ann", "r")
    await chat.client("bob", "r")
    assert await ann.result("presence", channel="r") == {
        "presence": {each: {"user": "", "client": each} for each in ("ann", "bob")}
    }
    assert await ann.result("presence_stats", channel="r") == {"num_clients": 2, "num_users": 1}


@pytest.mark.parametrize("command", ["presence", "presence_stats", "history"])
@pytest.mark.parametrize(
    ("joined", "room", "expected"),
    [((), "r", 103), (("bare:r",), "bare:r", 108), (("silent:r",), "silent:r", 103), ((), "no:such", 102)],
)
async def test_asking_about_a_room_without_the_right_to(
    chat: MemoryChat, command: str, joined: tuple[str, ...], room: str, expected: int
) -> None:
    """And where there is nothing to tell."""
    client = await chat.client("c", *joined)
    assert await code(client, command, channel=room) == expected


async def test_room_that_a_client_uses_without_joining(chat: MemoryChat) -> None:
    """Where its namespace allows that."""
    client = await chat.client("c")
    await say(client, "closed:r", "hi")
    assert [each["data"] for each in (await client.result("history", channel="closed:r", limit=5))["publications"]] == [
        "hi"
    ]
    assert await client.result("presence", channel="closed:r") == {"presence": {}}


@pytest.mark.parametrize("room", ["r", "silent:r"])
async def test_publishing_without_the_right_to(chat: MemoryChat, room: str) -> None:
    """Not being there, or being there where only the server speaks."""
    client = await chat.client("c", *(["silent:r"] if room == "silent:r" else []))
    assert await code(client, "publish", channel=room, data=1) == 103


async def test_room_that_no_client_can_name(chat: MemoryChat) -> None:
    """The chat's own room of everyone."""
    client = await chat.client("c")
    assert await code(client, "subscribe", channel="*") == 107
    assert await code(client, "publish", channel="*", data=1) == 107


async def test_history_from_both_ends(chat: MemoryChat) -> None:
    """The position alone, the oldest, the newest, and on from a place."""
    client = await chat.client("c", "r")
    await say(client, "r", *range(1, 8))

    async def read(**members: Any) -> list[int]:
        found = await client.result("history", channel="r", **members)
        assert found["offset"] == 7
        return [each["offset"] for each in found.get("publications", [])]

    epoch = (await client.result("history", channel="r"))["epoch"]
    assert await read() == []
    assert await read(limit=3) == [1, 2, 3]
    assert await read(limit=3, reverse=True) == [7, 6, 5]
    assert await read(limit=-1) == [1, 2, 3, 4, 5, 6, 7]
    assert await read(limit=2, since={"offset": 3, "epoch": epoch}) == [4, 5]
    assert await read(limit=2, since={"offset": 3, "epoch": epoch}, reverse=True) == [2, 1]
    assert await code(client, "history", channel="r", limit=2, since={"offset": 3, "epoch": "another"}) == 112


async def test_history_is_cut_by_size_and_by_time(chat: MemoryChat) -> None:
    """Whatever the store still has."""
    client = await chat.client("c", "small:r", "short:r")
    await say(client, "small:r", *range(1, 6))
    found = await client.result("history", channel="small:r", limit=10)
    assert [each["data"] for each in found["publications"]] == [3, 4, 5]
    await say(client, "short:r", "old")
    chat.clock.pass_by(61)
    await say(client, "short:r", "new")
    found = await client.result("history", channel="short:r", limit=10)
    assert [each["data"] for each in found["publications"]] == ["new"]


async def recover(chat: MemoryChat, name: str, room: str, position: dict[str, Any], **more: Any) -> dict[str, Any]:
    client = await chat.client(name)
    return await client.result(
        "subscribe", channel=room, recover=True, epoch=position["epoch"], offset=position["offset"], **more
    )


async def test_what_was_missed_comes_with_the_reply(chat: MemoryChat) -> None:
    """In order, all of it, and then what is new."""
    ann, bob = await chat.client("ann", "r"), await chat.client("bob")
    position = await bob.result("subscribe", channel="r")
    assert (position["offset"], position["recoverable"], position["positioned"]) == (0, True, True)
    await say(ann, "r", "one")
    await chat.leave("bob")
    await say(ann, "r", "two", "three")
    back = await recover(chat, "bob2", "r", position | {"offset": 1})
    assert (back["was_recovering"], back["recovered"], back["offset"]) == (True, True, 1)
    assert [(each["offset"], each["data"]) for each in back["publications"]] == [(2, "two"), (3, "three")]


@pytest.mark.parametrize("change", [{"epoch": "another"}, {"offset": 99}])
async def test_position_that_is_not_of_this_stream_is_not_recovered(chat: MemoryChat, change: dict[str, Any]) -> None:
    """The client is told so, and starts from now."""
    ann = await chat.client("ann")
    position = await ann.result("subscribe", channel="r")
    await say(ann, "r", "one")
    back = await recover(chat, "bob", "r", position | change)
    assert (back["was_recovering"], back.get("recovered", False), back["offset"]) == (True, False, 1)
    assert not back.get("publications")


async def test_more_than_the_history_holds_is_not_recovered(chat: MemoryChat) -> None:
    """By its size, and by its time; whoever wants nothing less is refused, and is not in the room."""
    ann = await chat.client("ann", "small:r")
    position = {"epoch": (await ann.result("history", channel="small:r"))["epoch"], "offset": 0}
    await say(ann, "small:r", 1, 2, 3, 4)
    assert not (await recover(chat, "bob", "small:r", position)).get("recovered", False)
    assert (await recover(chat, "cat", "small:r", position | {"offset": 1}))["recovered"]
    client = await chat.client("dan")
    refused = await client.one("subscribe", channel="small:r", recover=True, flag=2, **position)
    assert refused["error"]["code"] == 112
    assert "dan" not in await chat.audience("small:r")


async def test_room_without_forced_recovery_recovers_for_those_that_ask(chat: MemoryChat) -> None:
    """`recoverable` of the command."""
    ann = await chat.client("ann")
    assert "recoverable" not in await ann.result("subscribe", channel="onrequest:r")
    bob = await chat.client("bob")
    assert (await bob.result("subscribe", channel="onrequest:r", recoverable=True))["recoverable"]


async def test_room_without_history_has_no_places(chat: MemoryChat) -> None:
    """At most once, and nothing that promises more."""
    ann = await chat.client("ann", "bare:r")
    await say(ann, "bare:r", "hi")
    assert ann.publications("bare:r") == [(0, "hi")]
    assert "recoverable" not in await (await chat.client("bob")).result("subscribe", channel="bare:r")


async def test_member_that_missed_a_message_subscribes_again_and_has_it(chat: MemoryChat) -> None:
    """Even if later ones reached it, from its point of view: the room remembers what the client cannot know."""
    ann, bob = await chat.client("ann", "r"), await chat.client("bob", "r")
    await say(ann, "r", "one")
    send = chat.sink._sends["bob"]
    failing = True

    async def fail_once(text: str) -> None:
        nonlocal failing
        if failing:
            failing = False
            raise RuntimeError
        await send(text)

    chat.sink.attach("bob", fail_once)
    await say(ann, "r", "two")
    assert bob.pushes[-1] == {"channel": "r", "unsubscribe": {"code": 2500, "reason": "insufficient state"}}
    await say(ann, "r", "three")
    assert bob.publications("r") == [(1, "one")]
    epoch = (await ann.result("history", channel="r"))["epoch"]
    back = await bob.result("subscribe", channel="r", recover=True, epoch=epoch, offset=3)
    assert [each["data"] for each in back["publications"]] == ["two", "three"]
    await say(ann, "r", "four")
    assert bob.publications("r")[-1] == (4, "four")


async def test_client_that_went_before_its_reply_is_in_no_room(chat: MemoryChat) -> None:
    """Nobody is told that it was there."""
    await chat.client("ann", "told:r")
    bob = await chat.client("bob")
    chat.sink.detach("bob")
    await chat.receive(bob.id, json.dumps({"id": 9, "subscribe": {"channel": "told:r"}}))
    assert await chat.audience("told:r") == ["ann"]
    assert await chat.rooms.find("bob") is None


async def test_client_whose_join_fails_after_its_reply_is_told_to_subscribe_again(
    chat: MemoryChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was told that it is in the room, and nobody would deliver to it."""
    client = await chat.client("c")

    async def fail(*_args: object, **_more: object) -> None:
        raise Unavailable("down")

    with monkeypatch.context() as patched:
        patched.setattr(chat.feed, "append", fail)
        await client.result("subscribe", channel="r")
    assert client.pushes == [{"channel": "r", "unsubscribe": {"code": 2500, "reason": "insufficient state"}}]
    await client.result("subscribe", channel="r")
    await say(client, "r", "hi")
    assert client.publications("r") == [(1, "hi")]


async def test_fault_behind_a_port_is_error_100(chat: MemoryChat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the frame in which it happened, even if the sender cannot be looked up."""
    client = await chat.client("c", "r")

    async def fail(*_args: object, **_more: object) -> None:
        raise Unavailable("down")

    for port, method in ((chat.feed, "append"), (chat.rooms, "find")):
        with monkeypatch.context() as patched:
            patched.setattr(port, method, fail)
            reply = await client.one("publish", channel="r", data=1)
        assert reply["error"] == {"code": 100, "message": "internal server error", "temporary": True}
    await say(client, "r", "fine again")


async def test_broken_frame_ends_the_connection(chat: MemoryChat) -> None:
    """As Centrifuge has it; what came before it is answered."""
    client = await chat.client("c", "r")
    await chat.receive(
        "c", '{"id":50,"publish":{"channel":"r","data":1}}\nrubbish\n{"id":51,"presence":{"channel":"r"}}'
    )
    assert [each for each in client.received if each.get("id") in (50, 51)] == [{"id": 50, "publish": {}}]
    assert client.pushes[-1] == {"disconnect": {"code": 3501, "reason": "bad request"}}
    assert await chat.audience("r") == []


async def test_plain_message_of_a_rich_client_is_a_broken_frame(chat: MemoryChat) -> None:
    """Whichever route it comes by."""
    client = await chat.client("c", "lobby")
    frame = Frame(connection_id="c", text='{"action":"sendmessage","data":"hi"}', opened_at=0.0)
    await chat.chat.receive_message(frame, WITHOUT_END)
    assert client.pushes[-1]["disconnect"]["code"] == 3501


async def test_rich_command_of_a_plain_client_is_a_fault_of_its_own_protocol(chat: MemoryChat) -> None:
    """The connection stays open."""
    inbox = await chat.join("p")
    await chat.receive("p", '{"id":1,"connect":{}}')
    assert [json.loads(each)["code"] for each in inbox] == ["malformed_frame"]


async def test_server_announces_to_a_room(chat: MemoryChat) -> None:
    """Nobody is named as its sender."""
    client = await chat.client("c", "silent:r")
    report = await chat.announce(MessagePublished(room="silent:r", data="news", tags={"kind": "n"}))
    assert report.delivered == 1
    assert client.pushes[-1]["pub"]["data"] == "news"
    other = await chat.client("d")
    position = await other.result("subscribe", channel="silent:r")
    assert position["offset"] == 1
    assert (await recover(chat, "e", "silent:r", position | {"offset": 0}))["recovered"]
    assert client.pushes[-1]["pub"]["tags"] == {"kind": "n"}


async def test_room_of_named_users_is_for_them(chat: MemoryChat) -> None:
    """`#42,43`: what follows the last `#` are the users."""
    codes = {}
    for user in ("42", "7", ""):
        inbox: list[str] = []

        async def send(text: str, inbox: list[str] = inbox) -> None:
            inbox.append(text)

        name = f"c{user}"
        chat.sink.attach(name, send)
        await chat.chat.open_connection(Handshake(connection_id=name, codec=RICH, user=user))
        client = Client(chat, name, inbox)
        await client.result("connect")
        codes[user] = (await client.one("subscribe", channel="dialog#42,43")).get("error", {}).get("code")
    assert codes == {"42": None, "7": 103, "": 103}


async def test_presence_that_fits_no_reply_is_refused() -> None:
    """It can be counted."""
    chat = MemoryChat(limits=Limits(presence_members=3))
    clients = [await chat.client(f"c{i}", "r") for i in range(4)]
    assert await code(clients[0], "presence", channel="r") == 106
    assert (await clients[0].result("presence_stats", channel="r"))["num_clients"] == 4


async def test_more_than_one_reply_holds_is_not_recovered() -> None:
    """Centrifugo's limit."""
    chat = MemoryChat(limits=Limits(publications_at_once=3))
    ann = await chat.client("ann", "r")
    position = {"epoch": (await ann.result("history", channel="r"))["epoch"], "offset": 0}
    await say(ann, "r", 1, 2, 3, 4)
    assert not (await recover(chat, "bob", "r", position)).get("recovered", False)


async def test_recovery_from_what_is_on_the_feed_alone_reads_no_history(
    chat: MemoryChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is all there, with what waits to be delivered."""
    ann = await chat.client("ann", "r")
    epoch = (await ann.result("history", channel="r"))["epoch"]
    assert chat.feed is not None
    await chat.feed.append(
        "r", MessagePublished(room="r", data="hi", time=chat.clock.now()), event_id="1", holder="dead"
    )

    async def fail(*_args: object, **_more: object) -> None:
        raise Unavailable("down")

    monkeypatch.setattr(chat.history, "read", fail)
    back = await recover(chat, "bob", "r", {"epoch": epoch, "offset": 0})
    assert [each["data"] for each in back["publications"]] == ["hi"]


async def test_connection_of_a_codec_that_is_not_known_here(chat: MemoryChat) -> None:
    """As can happen while a new version is deployed: its client is told to try again."""
    inbox = await chat.join("c")
    await chat.rooms.open(Connection(id="c", codec="from the future"))
    await chat.receive("c", '{"id":1,"publish":{"channel":"r","data":1}}')
    assert json.loads(inbox[-1])["error"]["code"] == 100


async def test_command_that_a_route_does_not_take(chat: MemoryChat) -> None:
    """A client that sends everything by the way of plain messages."""
    client = await chat.client("c")
    frame = Frame(connection_id="c", text='{"id":9,"presence":{"channel":"r"}}')
    await chat.chat.receive_message(frame, WITHOUT_END)
    assert client.received[-1]["error"]["code"] == 104


async def test_client_that_ends_while_its_command_waits_for_its_connect(chat: MemoryChat) -> None:
    """There is nobody to accept any more."""
    inbox = await chat.join("c", codec=RICH)
    frame = Frame(connection_id="c", text='{"id":2,"subscribe":{"channel":"r"}}', opened_at=chat.clock.now())
    receiving = asyncio.create_task(chat.chat.receive_frame(frame, WITHOUT_END))
    await asyncio.sleep(0)
    await chat.rooms.close(["c"])
    await asyncio.sleep(0)
    chat.clock.pass_by(0.1)
    assert (await receiving).fault is not None
    assert len(inbox) <= 1


async def test_reply_that_cannot_be_acknowledged_early_waits_for_the_delivery(
    chat: MemoryChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker can be woken, so that a death would lose the message."""
    ann = await chat.client("ann", "r")
    await chat.client("bob", "r")
    gate = asyncio.Event()

    async def wait(_text: str) -> None:
        await gate.wait()

    async def fail(*_args: object, **_more: object) -> None:
        raise Unavailable("down")

    chat.sink.attach("bob", wait)
    monkeypatch.setattr(chat.wake_ups, "send", fail)
    replying = asyncio.create_task(ann.result("publish", channel="r", data="hi"))
    await asyncio.sleep(0.01)
    chat.clock.pass_by(1.0)
    await asyncio.sleep(0.01)
    assert not [each for each in ann.received if "publish" in each]
    gate.set()
    await replying


async def test_several_messages_in_one_frame(chat: MemoryChat) -> None:
    """To different rooms, answered together when all are delivered."""
    client = await chat.client("c", "r1", "r2")
    before = len(client.inbox)
    replies = await client.call(*({"publish": {"channel": each, "data": 1}} for each in ("r1", "r2", "r1")))
    assert [each["publish"] for each in replies] == [{}, {}, {}]
    assert client.publications("r1") == [(1, 1), (2, 1)]
    frames = client.inbox[before:]
    assert sum('"id"' in each for each in frames) == 1
    assert len(frames) <= 4


async def test_end_that_cannot_be_written_is_found_later(chat: MemoryChat, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client closes by itself; its `$disconnect` ends its memberships."""
    client = await chat.client("c", "r")

    async def fail(*_args: object, **_more: object) -> None:
        raise Unavailable("down")

    with monkeypatch.context() as patched:
        patched.setattr(chat.rooms, "close", fail)
        await chat.receive("c", "rubbish")
    assert client.pushes[-1]["disconnect"]["code"] == 3501
    await chat.leave("c")
    assert await chat.audience("r") == []


async def test_end_of_a_member_is_told_at_once(chat: MemoryChat) -> None:
    """Also of one that was sent away."""
    ann, bob = await chat.client("ann", "told:r"), await chat.client("bob", "told:r")
    await chat.receive("bob", "rubbish")
    assert [each["leave"]["info"]["client"] for each in ann.pushes if "leave" in each] == ["bob"]
    assert bob.pushes[-1]["disconnect"]["code"] == 3501


async def test_message_to_several_rooms_that_fails_in_one(chat: MemoryChat, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are answered as if nothing had happened."""
    client = await chat.client("c", "r1", "r2")
    assert chat.feed is not None
    finish = chat.feed.finish

    async def fail_once(turn: Turn, **more: Any) -> Turn | None:
        if turn.room == "r1":
            raise Unavailable("down")
        return await finish(turn, **more)

    async def fail(*_args: object, **_more: object) -> None:
        raise Unavailable("down")

    monkeypatch.setattr(chat.feed, "finish", fail_once)
    monkeypatch.setattr(chat.wake_ups, "send", fail)
    replies = await client.call(*({"publish": {"channel": each, "data": 1}} for each in ("r1", "r2")))
    assert [each.get("error", {}).get("code") for each in replies] == [100, None]


async def test_senders_that_are_remembered_are_bounded(chat: MemoryChat, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process may serve any number of plain clients."""
    monkeypatch.setattr(senders, "_MOST_KNOWN", 2)
    for each in "abc":
        await chat.join(each)
        await chat.receive(each, '{"action":"sendmessage","data":"hi"}')
    assert list(chat.chat.receive_frame.senders._known) == ["b", "c"]


async def test_presence_larger_than_a_message_is_refused() -> None:
    """API Gateway carries 128 KB."""
    chat = MemoryChat(limits=Limits(payload_bytes=300))
    clients = [await chat.client(f"client-{i}", "r") for i in range(9)]
    assert await code(clients[0], "presence", channel="r") == 106


async def test_leave_that_cannot_be_told_is_a_leave_all_the_same(
    chat: MemoryChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its reply was sent; others see it in the room's presence."""
    client = await chat.client("c", "told:r")

    async def fail(*_args: object, **_more: object) -> None:
        raise Unavailable("down")

    monkeypatch.setattr(chat.feed, "append", fail)
    assert await client.result("unsubscribe", channel="told:r") == {}
    assert await chat.audience("told:r") == []


async def test_client_that_went_before_the_reply_to_its_message(chat: MemoryChat) -> None:
    """The message is delivered."""
    ann = await chat.client("ann", "r")
    await chat.client("bob", "r")
    chat.sink.detach("bob")
    await chat.receive("bob", '{"id":9,"publish":{"channel":"r","data":1}}')
    assert ann.publications("r") == [(1, 1)]


async def test_client_that_went_before_the_reply_to_its_leave(chat: MemoryChat) -> None:
    """The others are told."""
    ann = await chat.client("ann", "told:r")
    await chat.client("bob", "told:r")
    chat.sink.detach("bob")
    await chat.receive("bob", '{"id":9,"unsubscribe":{"channel":"told:r"}}')
    assert [each["leave"]["info"]["client"] for each in ann.pushes if "leave" in each] == ["bob"]
