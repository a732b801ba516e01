"""The commands of Centrifuge's clients: what each asks for, and what is refused in which way."""

import json
from typing import Any

import pytest

from chat_core.domain.closing import BAD_REQUEST, NOT_AVAILABLE, ConnectionEnded
from chat_core.domain.commands import (
    Command,
    Connect,
    CountPresence,
    Join,
    Leave,
    Publish,
    ReadHistory,
    ReadPresence,
)
from chat_core.domain.history import StreamPosition
from chat_core.errors import ChatError, InvalidRequest, MalformedFrame, NotAvailable, TooManyRequests
from chat_core.wire.centrifuge import Centrifuge
from chat_core.wire.centrifuge.commands import MAX_COMMANDS
from chat_core.wire.centrifuge.members import MAX_EPOCH_LENGTH
from chat_core.wire.codec import Decoded, RefusedRequest, Request
from chat_core.wire.json_text import MAX_NESTING

CODEC = Centrifuge()


def decode(*commands: dict[str, Any]) -> list[Decoded]:
    """Return what a frame of these commands asks for."""
    return list(CODEC.decode("\n".join(map(json.dumps, commands))))


def command_of(name: str, members: dict[str, Any]) -> Command:
    """Return the command that one request becomes."""
    (decoded,) = decode({"id": 7, name: members})
    assert isinstance(decoded, Request)
    assert decoded.ref == 7
    return decoded.command


def refused(name: str, members: Any) -> ChatError:
    """Return what is wrong with a request that leaves the connection open."""
    (decoded,) = decode({"id": 7, name: members})
    assert isinstance(decoded, RefusedRequest)
    assert decoded.ref == 7
    return decoded.fault


def closing_of(frame: str) -> int:
    """Return the code with which a frame ends its connection."""
    *_, decoded = CODEC.decode(frame)
    assert isinstance(decoded, RefusedRequest)
    assert isinstance(decoded.fault, ConnectionEnded)
    assert decoded.ref is None
    return decoded.fault.closing.code


@pytest.mark.parametrize(
    ("name", "members", "command"),
    [
        ("connect", {}, Connect()),
        (
            "connect",
            {"token": "t", "data": {"a": 1}, "name": "js", "version": "5.7.1", "flag": 1, "subs": {}},
            Connect(token="t", data={"a": 1}, name="js", version="5.7.1"),
        ),
        ("subscribe", {"channel": "news"}, Join(room="news")),
        (
            "subscribe",
            {"channel": "news", "token": "t", "recover": True, "epoch": "e", "offset": 2**64 - 1, "flag": 3},
            Join(room="news", token="t", recover=StreamPosition("e", 2**64 - 1), reject_unrecovered=True),
        ),
        ("subscribe", {"channel": "news", "recover": True}, Join(room="news", recover=StreamPosition("", 0))),
        ("subscribe", {"channel": "news", "epoch": "e", "offset": 5, "flag": 1}, Join(room="news")),
        (
            "subscribe",
            {"channel": "news", "recoverable": True, "positioned": True, "join_leave": True, "delta": "fossil"},
            Join(room="news", recoverable=True, positioned=True, join_leave=True),
        ),
        ("unsubscribe", {"channel": "news"}, Leave(room="news")),
        ("publish", {"channel": "news", "data": ["live long"]}, Publish(room="news", data=["live long"])),
        ("publish", {"channel": "news", "data": None}, Publish(room="news", data=None)),
        ("publish", {"channel": "news", "data": ""}, Publish(room="news", data="")),
        ("presence", {"channel": "news"}, ReadPresence(room="news")),
        ("presence_stats", {"channel": "news"}, CountPresence(room="news")),
        ("history", {"channel": "news"}, ReadHistory(room="news")),
        (
            "history",
            {"channel": "news", "limit": -1, "since": {"offset": 3, "epoch": "e"}, "reverse": True},
            ReadHistory(room="news", limit=-1, since=StreamPosition("e", 3), reverse=True),
        ),
        ("history", {"channel": "news", "since": {}}, ReadHistory(room="news", since=StreamPosition("", 0))),
        ("history", {"channel": "x" * 300, "since": None}, ReadHistory(room="x" * 300)),
    ],
)
def test_request_becomes_a_command(name: str, members: dict[str, Any], command: Command) -> None:
    """Every request that is kept, with every member that counts; whether the room exists is not the format's affair."""
    assert command_of(name, members) == command


def test_null_is_the_same_as_absent() -> None:
    """Centrifuge reads both alike, wherever they stand."""
    members = dict.fromkeys(("token", "recover", "epoch", "offset", "flag", "type", "delta", "tf"))
    assert command_of("subscribe", {"channel": "news", **members}) == Join(room="news")
    assert decode({"id": 1, "connect": None, "unsubscribe": {"channel": "a"}}) == [
        Request(ref=1, command=Leave(room="a"))
    ]


def test_unknown_members_are_ignored() -> None:
    """A newer client may send some."""
    assert decode({"id": 1, "presence": {"channel": "a", "x": 1}, "y": 2}) == [
        Request(ref=1, command=ReadPresence(room="a"))
    ]


def test_first_request_of_a_command_counts() -> None:
    """In the order of Centrifuge's schema, not in that of the text."""
    assert decode({"id": 1, "history": {"channel": "a"}, "subscribe": {"channel": "b"}}) == [
        Request(ref=1, command=Join(room="b"))
    ]


@pytest.mark.parametrize("end", ["", "\n"])
def test_frame_has_a_command_a_line(end: str) -> None:
    """JavaScript's client sends `connect` and all its subscriptions at once."""
    lines = ['{"id":1,"connect":{}}', ' {"subscribe":{"channel":"a"},"id":4294967295}\r']
    assert CODEC.decode("\n".join(lines) + end) == [
        Request(ref=1, command=Connect()),
        Request(ref=4294967295, command=Join(room="a")),
    ]


def test_pong_asks_for_nothing() -> None:
    """It is the answer to a ping of the server's."""
    assert CODEC.decode("{}") == []
    assert CODEC.decode('{}\n{"id":1,"connect":{}}') == [Request(ref=1, command=Connect())]


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "\n",
        "hello",
        "{",
        "[]",
        "5",
        "null",
        "[" * 100_000,
        '{"id":1,"publish":{"channel":"a","data":NaN}}',
        '{"id":1,"connect":{}}{"id":2}',
        '{"id":1,"connect":{}}\n\n',
        '{"connect":{}}',
        '{"id":0,"connect":{}}',
        '{"id":null,"connect":{}}',
        '{"id":-1,"connect":{}}',
        '{"id":4294967296,"connect":{}}',
        '{"id":1.0,"connect":{}}',
        '{"id":true,"connect":{}}',
        '{"id":"1","connect":{}}',
        '{"id":1}',
        '{"id":1,"ping":{}}',
        '{"id":1,"connect":null}',
        '{"action":"sendmessage","data":"live long"}',
        '{"id":1,"subscribe":{}}',
        '{"id":1,"unsubscribe":{"channel":""}}',
        '{"id":1,"publish":{"data":1}}',
        '{"id":1,"presence":{}}',
        '{"id":1,"presence_stats":{}}',
        '{"id":1,"history":{}}',
        '{"id":1,"subscribe":{"channel":"a","delta":"xdelta"}}',
    ],
)
def test_frame_that_breaks_the_protocol_ends_the_connection(frame: str) -> None:
    """As in Centrifuge: such a client would go on doing it."""
    assert closing_of(frame) == BAD_REQUEST.code == 3501


@pytest.mark.parametrize("frame", ['{"send":{"data":1}}', '{"id":1,"send":{}}'])
def test_message_to_the_server_ends_the_connection(frame: str) -> None:
    """Nobody takes it, and it has no reply that could say so."""
    assert closing_of(frame) == NOT_AVAILABLE.code == 3508


def test_nothing_is_read_after_the_end_of_the_connection() -> None:
    """What came before is done, what comes after is not."""
    frame = '{"id":1,"connect":{}}\n{"id":2}\n{"id":3,"presence":{"channel":"a"}}'
    first, second = CODEC.decode(frame)
    assert first == Request(ref=1, command=Connect())
    assert isinstance(second, RefusedRequest)


def test_nothing_is_read_after_a_connect_that_is_refused() -> None:
    """The commands behind it belong to a client that was not accepted."""
    (decoded,) = decode({"id": 1, "connect": {"token": 5}}, {"id": 2, "subscribe": {"channel": "a"}})
    assert isinstance(decoded, RefusedRequest)
    assert decoded.ref == 1


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("connect", 5),
        ("connect", []),
        ("connect", {"token": 5}),
        ("connect", {"name": []}),
        ("connect", {"version": False}),
        ("connect", {"token": "\ud800"}),
        ("subscribe", {"channel": 5}),
        ("subscribe", {"channel": "a", "recover": 1}),
        ("subscribe", {"channel": "a", "recover": True, "offset": 2**64}),
        ("subscribe", {"channel": "a", "recover": True, "offset": -1}),
        ("subscribe", {"channel": "a", "offset": 1.0}),
        ("subscribe", {"channel": "a", "offset": True}),
        ("subscribe", {"channel": "a", "offset": "1"}),
        ("subscribe", {"channel": "a", "epoch": "x" * (MAX_EPOCH_LENGTH + 1)}),
        ("subscribe", {"channel": "a", "flag": 2**63}),
        ("subscribe", {"channel": "a", "type": "map"}),
        ("subscribe", {"channel": "a", "tf": {"key": "k", "cmp": "ex"}}),
        ("publish", {"channel": "a"}),
        ("publish", {"channel": "a", "data": 1, "key": 5}),
        ("history", {"channel": "a", "limit": 2**31}),
        ("history", {"channel": "a", "limit": "5"}),
        ("history", {"channel": "a", "since": 5}),
        ("history", {"channel": "a", "since": {"offset": -1}}),
        ("history", {"channel": "a", "reverse": "yes"}),
    ],
)
def test_member_of_a_wrong_type_is_a_bad_request(name: str, members: Any) -> None:
    """The command fails and the connection stays open."""
    assert isinstance(refused(name, members), InvalidRequest | MalformedFrame)


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("subscribe", {"channel": "a", "type": 1}),
        ("subscribe", {"channel": "a", "type": 4}),
        ("publish", {"channel": "a", "data": 1, "type": 1}),
        ("publish", {"channel": "a", "data": 1, "key": "k"}),
        ("publish", {"channel": "a", "removed": True}),
        ("rpc", {"method": "m", "data": 1}),
        ("refresh", {"token": "t"}),
        ("sub_refresh", {"token": "t"}),
    ],
)
def test_what_the_chat_does_not_offer_is_not_available(name: str, members: dict[str, Any]) -> None:
    """The client's call fails, and nothing else."""
    assert isinstance(refused(name, members), NotAvailable)


def test_command_that_is_nested_too_deep_fails_alone() -> None:
    """Its id can be read, so that it can be answered."""
    data: Any = 1
    for _ in range(MAX_NESTING):
        data = [data]
    assert isinstance(refused("publish", {"channel": "a", "data": data}), MalformedFrame)


def test_numbers_and_text_come_as_they_were() -> None:
    """Whatever JSON can carry is data."""
    data = [2**70, 0.1, -0.0, 1e300, "\n\u2028\x00ö😀", None]
    assert command_of("publish", {"channel": "a", "data": data}) == Publish(room="a", data=data)


def test_commands_over_the_limit_of_a_frame_are_told_to_come_again() -> None:
    """One invocation answers them all, so there is an end to them; a subscription is asked for again by itself."""
    decoded = decode(*({"id": each, "presence": {"channel": "a"}} for each in range(1, MAX_COMMANDS + 2)))
    assert all(isinstance(each, Request) for each in decoded[:-1])
    assert isinstance(decoded[-1], RefusedRequest)
    assert decoded[-1].ref == MAX_COMMANDS + 1
    assert isinstance(decoded[-1].fault, TooManyRequests)
