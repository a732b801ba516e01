"""What Centrifuge's clients are answered: byte for byte where it matters, and never more than a message carries."""

import json
from typing import Any

import pytest

from chat_core.domain.closing import BAD_REQUEST, ConnectionEnded
from chat_core.domain.connection import ClientInfo
from chat_core.domain.events import MessagePublished
from chat_core.domain.history import Missed, StreamPosition
from chat_core.domain.replies import (
    Connected,
    History,
    Joined,
    Left,
    Presence,
    PresenceCount,
    Published,
    Reply,
)
from chat_core.errors import (
    ChatError,
    ConnectionClosed,
    Forbidden,
    InvalidRequest,
    LimitExceeded,
    MalformedFrame,
    MessageTooLarge,
    NotAvailable,
    PermissionDenied,
    RoomBusy,
    Superseded,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnknownAction,
    UnknownRoom,
    Unrecoverable,
)
from chat_core.limits import Limits
from tests.support.asyncapi import DescribedCentrifuge

CODEC = DescribedCentrifuge()
TOP = StreamPosition("e", 9)


def small(payload_bytes: int) -> DescribedCentrifuge:
    """Return the codec for a transport that carries little."""
    return DescribedCentrifuge(limits=Limits(payload_bytes=payload_bytes))


def said(*offsets: int, room: str = "news") -> list[MessagePublished]:
    """Return messages with these offsets."""
    return [MessagePublished(room=room, data=f"m{each}", offset=each) for each in offsets]


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Connected(client="c1="), '{"id":7,"connect":{"client":"c1=","version":"chat_core"}}'),
        (Left(room="news"), '{"id":7,"unsubscribe":{}}'),
        (Published(position=TOP), '{"id":7,"publish":{}}'),
        (PresenceCount(clients=3, users=2), '{"id":7,"presence_stats":{"num_clients":3,"num_users":2}}'),
        (Presence(members=[]), '{"id":7,"presence":{"presence":{}}}'),
        (
            Presence(members=[ClientInfo(user="u", client="c1="), ClientInfo(user="", client="c2=", conn_info={})]),
            (
                '{"id":7,"presence":{"presence":{"c1=":{"user":"u","client":"c1="},'
                '"c2=":{"user":"","client":"c2=","conn_info":{}}}}}'
            ),
        ),
        (History(top=TOP), '{"id":7,"history":{"epoch":"e","offset":9,"publications":[]}}'),
        (
            History(top=TOP, publications=said(9, 8)),
            '{"id":7,"history":{"epoch":"e","offset":9,"publications":[{"data":"m9","offset":9},{"data":"m8","offset":8}]}}',
        ),
        (Joined(room="news", top=TOP, recoverable=False, positioned=False), '{"id":7,"subscribe":{}}'),
        (
            Joined(room="news", top=TOP, recoverable=False, positioned=True),
            '{"id":7,"subscribe":{"epoch":"e","offset":9,"positioned":true}}',
        ),
        (
            Joined(room="news", top=TOP, recoverable=True, positioned=True),
            '{"id":7,"subscribe":{"recoverable":true,"epoch":"e","offset":9,"positioned":true}}',
        ),
    ],
)
def test_reply_has_the_name_of_its_command(reply: Reply, text: str) -> None:
    """JavaScript's client hangs without it."""
    assert CODEC.encode_reply(ref=7, reply=reply) == (text,)


def subscribed(reply: Joined) -> dict[str, Any]:
    """Return the result of a subscription."""
    (payload,) = CODEC.encode_reply(ref=7, reply=reply)
    result: dict[str, Any] = json.loads(payload)["subscribe"]
    return result


def test_recovered_subscription_counts_on_from_the_offset_that_was_asked_for() -> None:
    """The publications that follow bring the client to the top."""
    missed = Missed(recovered=True, publications=said(8, 9))
    assert subscribed(Joined(room="news", top=TOP, recoverable=True, positioned=True, missed=missed, asked=7)) == {
        "recoverable": True,
        "positioned": True,
        "epoch": "e",
        "offset": 7,
        "was_recovering": True,
        "recovered": True,
        "publications": [{"data": "m8", "offset": 8}, {"data": "m9", "offset": 9}],
    }


def test_subscription_that_could_not_be_recovered_says_so_and_shows_nothing() -> None:
    """A client hands out what it is given, as if nothing were missing before it."""
    missed = Missed(recovered=False, publications=said(9))
    assert subscribed(Joined(room="news", top=TOP, recoverable=True, positioned=True, missed=missed, asked=2)) == {
        "recoverable": True,
        "positioned": True,
        "epoch": "e",
        "offset": 9,
        "was_recovering": True,
    }


def test_what_was_missed_and_does_not_fit_follows_as_pushes() -> None:
    """To a client that is the live stream, in the same order."""
    missed = Missed(recovered=True, publications=said(*range(1, 10)))
    joined = Joined(room="news", top=TOP, recoverable=True, positioned=True, missed=missed)
    (whole,) = CODEC.encode_reply(ref=7, reply=joined)
    assert small(len(whole)).encode_reply(ref=7, reply=joined) == (whole,)
    first, *rest = small(len(whole) - 1).encode_reply(ref=7, reply=joined)
    told = json.loads(first)["subscribe"]["publications"]
    assert [each["offset"] for each in told] == list(range(1, 9))
    assert rest == ['{"push":{"channel":"news","pub":{"data":"m9","offset":9}}}']
    first, *rest = small(150).encode_reply(ref=7, reply=joined)
    assert len(first) <= 150
    pushed = [json.loads(each)["push"]["pub"]["offset"] for each in rest]
    told = json.loads(first)["subscribe"]["publications"]
    assert [each["offset"] for each in told] + pushed == list(range(1, 10))


def test_history_that_does_not_fit_is_cut() -> None:
    """The client asks on from the last offset."""
    history = History(top=TOP, publications=said(*range(1, 10)))
    (payload,) = small(120).encode_reply(ref=7, reply=history)
    assert len(payload) <= 120
    result = json.loads(payload)["history"]
    assert [each["offset"] for each in result["publications"]] == [1, 2]
    assert result["offset"] == 9


def test_presence_that_does_not_fit_is_refused() -> None:
    """Half of it would be a lie."""
    presence = Presence(members=[ClientInfo(user="ö" * 20, client=f"c{each}") for each in range(9)])
    (whole,) = CODEC.encode_reply(ref=7, reply=presence)
    size = len(whole.encode())
    assert small(size).encode_reply(ref=7, reply=presence) == (whole,)
    with pytest.raises(LimitExceeded):
        small(size - 1).encode_reply(ref=7, reply=presence)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Unavailable("x"), {"code": 100, "message": "internal server error", "temporary": True}),
        (Unauthenticated("x"), {"code": 101, "message": "unauthorized"}),
        (UnknownRoom(), {"code": 102, "message": "unknown channel"}),
        (PermissionDenied(), {"code": 103, "message": "permission denied"}),
        (Forbidden("x"), {"code": 103, "message": "permission denied"}),
        (UnknownAction(), {"code": 104, "message": "method not found"}),
        (LimitExceeded("x"), {"code": 106, "message": "limit exceeded"}),
        (MessageTooLarge(size=2, limit=1), {"code": 106, "message": "limit exceeded"}),
        (InvalidRequest("x", member="channel"), {"code": 107, "message": "bad request"}),
        (MalformedFrame("x"), {"code": 107, "message": "bad request"}),
        (ConnectionClosed(), {"code": 100, "message": "internal server error", "temporary": True}),
        (NotAvailable(), {"code": 108, "message": "not available"}),
        (TooManyRequests(), {"code": 111, "message": "too many requests", "temporary": True}),
        (RoomBusy(), {"code": 111, "message": "too many requests", "temporary": True}),
        (Superseded(), {"code": 111, "message": "too many requests", "temporary": True}),
        (Unrecoverable(), {"code": 112, "message": "unrecoverable position"}),
        (ConnectionEnded(BAD_REQUEST), {"code": 3501, "message": "bad request"}),
    ],
)
def test_fault_has_the_code_that_makes_clients_do_the_right_thing(fault: ChatError, error: dict[str, Any]) -> None:
    """The texts are Centrifuge's own, and say nothing of what happened inside."""
    payload = CODEC.encode_fault(ref=7, fault=fault)
    assert payload is not None
    assert json.loads(payload) == {"id": 7, "error": error}


def test_end_of_the_connection_is_a_push_that_stops_the_client() -> None:
    """A close of API Gateway's has a code of its own, after which every client comes back."""
    payload = CODEC.encode_fault(ref=None, fault=ConnectionEnded(BAD_REQUEST))
    assert payload == '{"push":{"disconnect":{"code":3501,"reason":"bad request"}}}'


def test_fault_that_belongs_to_no_command_is_not_told() -> None:
    """There is no frame for it."""
    assert CODEC.encode_fault(ref=None, fault=Unavailable("x")) is None
