"""What clients that nobody here wrote experience: the same scenarios against the chat and against Centrifugo.

`make clients` fetches the published packages; `make compare-centrifugo` runs these against Centrifugo itself.
"""

import time
from typing import Any

import pytest

from tests.clients.conftest import Start, chat, reference
from tests.clients.driver import Client, Failed, client, missing
from tests.clients.forwarder import Forwarder, forwarder


def code(running: Client, call: str, **members: Any) -> Any:
    """Return the code of the error that a call fails with."""
    with pytest.raises(Failed) as failed:
        running.call(call, **members)
    return failed.value.args[0]


def test_all_languages_talk_in_one_room(start: Start, room: str) -> None:
    """Each hears everyone, itself included, and all hear it in one order."""
    names = ["js", "python", "python-0.5", "go"]
    clients = [start(each) for each in names]
    for each in clients:
        each.connect()
        each.join(room)
    for turn in range(5):
        for name, each in zip(names, clients, strict=True):
            each.call("publish", channel=room, data={"from": name, "turn": turn})
    for each in clients:
        each.wait_for_publications(room, 20)
        assert [one["offset"] for one in each.of("publication", room)] == list(range(1, 21))
    assert all(each.data(room) == clients[0].data(room) for each in clients)
    assert sorted(one["from"] for one in clients[0].data(room)) == sorted(names * 5)


def test_who_is_there(start: Start, language: str, room: str) -> None:
    """Presence, its counts, joins and leaves."""
    ann, bob = start(language), start("python")
    ann_id = ann.connect()
    ann.join(room, joinLeave=True)
    bob_id = bob.connect()
    bob.join(room)
    ann.wait(lambda: bob_id in [each["client"] for each in ann.of("join", room)])
    assert sorted(ann.call("presence", channel=room)) == sorted([ann_id, bob_id])
    assert ann.call("presence_stats", channel=room) == [2, 1]
    bob.call("unsubscribe", channel=room)
    ann.wait(lambda: bob_id in [each["client"] for each in ann.of("leave", room)])
    assert ann.call("presence", channel=room) == [ann_id]


def test_what_was_said(start: Start, language: str, room: str) -> None:
    """History by its position, from either end, and on from a place."""
    ann = start(language)
    ann.connect()
    ann.join(room)
    for number in range(1, 8):
        ann.call("publish", channel=room, data=number)

    def read(**members: Any) -> list[int]:
        found = ann.call("history", channel=room, **members)
        assert found["offset"] == 7
        return [each["data"] for each in found["publications"]]

    epoch = ann.call("history", channel=room, limit=0)["epoch"]
    assert read(limit=0) == []
    assert read(limit=3) == [1, 2, 3]
    assert read(limit=-1) == [1, 2, 3, 4, 5, 6, 7]
    assert read(limit=3, reverse=True) == [7, 6, 5]
    assert read(limit=2, since={"offset": 3, "epoch": epoch}) == [4, 5]
    assert read(limit=2, since={"offset": 3, "epoch": epoch}, reverse=True) == [2, 1]


def test_cut_connection_recovers_all_that_was_said_meanwhile(
    start: Start, network: Forwarder, directly: str, language: str, room: str
) -> None:
    """Fifty messages, in order."""
    ann = start(language)
    ann.connect()
    ann.join(room)
    bob = start("python")
    bob.connect()
    bob.join(room)
    bob.call("publish", channel=room, data=0)
    ann.wait(lambda: ann.data(room) == [0])
    with client("python", directly) as cat:
        cat.connect()
        cat.join(room)
        network.cut()
        for number in range(1, 51):
            cat.call("publish", channel=room, data=number)
        network.mend()
        ann.wait(lambda: len(ann.of("subscribed", room)) == 2)
        ann.wait(lambda: len(ann.data(room)) >= 51)
    assert ann.of("subscribed", room)[1]["recovered"] is True
    assert ann.data(room) == list(range(51))


def test_more_than_the_history_holds_is_said_to_be_lost(
    start: Start, network: Forwarder, directly: str, language: str, room: str
) -> None:
    """The client is told so, and hears what is new."""
    small = f"small:{room}"
    ann = start(language)
    ann.connect()
    ann.join(small)
    with client("python", directly) as cat:
        cat.connect()
        cat.join(small)
        cat.call("publish", channel=small, data="before")
        ann.wait(lambda: ann.data(small) == ["before"])
        network.cut()
        for number in range(20):
            cat.call("publish", channel=small, data=number)
        network.mend()
        ann.wait(lambda: len(ann.of("subscribed", small)) == 2)
        assert ann.of("subscribed", small)[1]["recovered"] is False
        cat.call("publish", channel=small, data="after")
        ann.wait(lambda: "after" in ann.data(small))
    assert ann.data(small) == ["before", "after"]


def test_burst_of_subscribing_and_unsubscribing_ends_as_it_should(start: Start, language: str, room: str) -> None:
    """Two hundred frames, each handled beside the others."""
    ann = start(language)
    ann.connect()
    ann.call("burst", channel=room, times=100)
    ann.wait(lambda: ann.of("subscribed", room))
    deadline = time.monotonic() + 20
    while True:
        try:
            ann.call("publish", channel=room, data="there")
            break
        except Failed:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    ann.wait(lambda: "there" in ann.data(room))
    assert len(ann.call("presence", channel=room)) == 1


def test_refusals(start: Start, language: str, room: str) -> None:
    """Each with its code, and the connection stays open."""
    ann = start(language)
    ann.connect()
    ann.join(room)
    ann.join("bare:x")
    ann.join("silent:x")
    assert code(ann, "history", channel="bare:x", limit=1) == 108
    assert code(ann, "presence", channel="bare:x") == 108
    assert code(ann, "publish", channel="silent:x", data=1) == 103
    assert code(ann, "publish", channel=f"{room}-else", data=1) == 103
    assert code(ann, "history", channel=f"{room}-else", limit=1) == 103
    assert code(ann, "rpc", method="nothing", data={}) in (104, 108)
    ann.call("subscribe", channel="no:such")
    ann.wait(lambda: ann.of("error", "no:such") or ann.of("unsubscribed", "no:such"))
    ann.call("publish", channel=room, data="still here")
    ann.wait(lambda: ann.data(room) == ["still here"])


@pytest.mark.skipif(reference(), reason="Centrifugo has no such times")
@pytest.mark.parametrize("option", ["--idle-timeout", "--connection-lifetime"])
def test_end_of_a_connection_is_survived(language: str, option: str) -> None:
    """API Gateway ends idle ones after ten minutes, and all after two hours; here after some seconds."""
    if reason := missing(language):
        pytest.skip(reason)
    with (
        chat(option, "4") as (port, path),
        forwarder(("127.0.0.1", port)) as network,
        client(language, f"ws://127.0.0.1:{network.port}{path}") as ann,
    ):
        ann.connect()
        ann.join("room")
        ann.call("publish", channel="room", data="before")
        ann.wait(lambda: len(ann.of("subscribed", "room")) == 2)
        assert ann.of("subscribed", "room")[1]["recovered"] is True
        ann.call("publish", channel="room", data="after")
        ann.wait(lambda: ann.data("room") == ["before", "after"])
