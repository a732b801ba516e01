"""What Centrifuge's clients are sent without asking, and how it is packed into messages."""

import json
from typing import Any

import pytest

from chat_core.domain.connection import ClientInfo
from chat_core.domain.events import (
    INSUFFICIENT_STATE,
    Event,
    KeepAlive,
    MemberJoined,
    MemberLeft,
    MessagePublished,
    SubscriptionEnded,
)
from chat_core.domain.history import StreamPosition
from chat_core.domain.replies import History
from chat_core.wire.centrifuge.members import MAX_EPOCH_LENGTH
from tests.support.asyncapi import DescribedCentrifuge

CODEC = DescribedCentrifuge()
ADA = ClientInfo(user="ada", client="c1=", conn_info={"name": "Ada"}, chan_info=[1])


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (MessagePublished(data="live long"), '{"push":{"channel":"lobby","pub":{"data":"live long"}}}'),
        (
            MessagePublished(room="news", data=None, publisher=ADA, offset=5, time=7.5, tags={"lang": "eo"}),
            (
                '{"push":{"channel":"news","pub":{"data":null,"info":{"user":"ada","client":"c1=","conn_info":{"name":"Ada"},'
                '"chan_info":[1]},"offset":5,"tags":{"lang":"eo"}}}}'
            ),
        ),
        (
            MemberJoined(room="news", member=ClientInfo(user="", client="c1=")),
            '{"push":{"channel":"news","join":{"info":{"user":"","client":"c1="}}}}',
        ),
        (
            MemberLeft(room="news", member=ClientInfo(user="ada", client="c1=")),
            '{"push":{"channel":"news","leave":{"info":{"user":"ada","client":"c1="}}}}',
        ),
        (
            SubscriptionEnded(room="news", code=INSUFFICIENT_STATE, reason="insufficient state"),
            '{"push":{"channel":"news","unsubscribe":{"code":2500,"reason":"insufficient state"}}}',
        ),
        (KeepAlive(), '{"id":4294967295}'),
    ],
)
def test_event_is_a_push(event: Event, text: str) -> None:
    """The members stand in Centrifugo's order, and what is empty is left out."""
    assert CODEC.encode_event(event) == text


@pytest.mark.parametrize("data", ["a\nb\r\n", {"k\n": ["\n"]}, "\u2028", "😀ö\x00", 2**70, 0.1])
def test_payload_is_one_line(data: Any) -> None:
    """A line break separates payloads of one message."""
    text = CODEC.encode_event(MessagePublished(data=data))
    assert "\n" not in text
    assert json.loads(text)["push"]["pub"]["data"] == data


EVENTS: list[Event] = [
    MessagePublished(data="ö"),
    MessagePublished(room="x" * 255, data={"a": 1}, publisher=ADA, tags={"ö": "\n"}, offset=3),
    MemberJoined(room="news", member=ADA),
    SubscriptionEnded(room="news", code=2500, reason="r"),
    KeepAlive(),
]


@pytest.mark.parametrize("event", EVENTS)
def test_envelope_is_what_an_event_needs_besides_its_data(event: Event) -> None:
    """Whatever its offset will be: it is not known yet when the message is judged."""
    data = 0
    if isinstance(event, MessagePublished):
        data = len(json.dumps(event.data, separators=(",", ":"), ensure_ascii=False).encode())
    assert len(CODEC.encode_event(event).encode()) <= data + CODEC.envelope_bytes(event)


def test_message_that_was_accepted_fits_into_a_history() -> None:
    """Otherwise a client that asks for it would be given nothing, and ask for ever."""
    event = MessagePublished(data="x", offset=2**64 - 1)
    history = History(top=StreamPosition("e" * MAX_EPOCH_LENGTH, 2**64 - 1), publications=[event])
    (payload,) = CODEC.encode_reply(ref=2**32 - 1, reply=history)
    assert len(payload) == len('"x"') + CODEC.envelope_bytes(event)


def test_payloads_share_a_message_as_long_as_they_fit() -> None:
    """One post carries several: that is what makes a busy room cheap."""
    assert CODEC.frames(["{}", '{"ö":1}', "{}"], payload_bytes=100) == ['{}\n{"ö":1}\n{}']
    assert CODEC.frames(["{}", '{"ö":1}', "{}"], payload_bytes=11) == ['{}\n{"ö":1}', "{}"]
    assert CODEC.frames(["{}", '{"ö":1}', "{}"], payload_bytes=10) == ["{}", '{"ö":1}', "{}"]
    assert CODEC.frames([], payload_bytes=10) == []
