"""The plain protocol: what is taken, what is refused with which code, and what is rendered byte for byte."""

import json
from typing import Any

import pytest

from chat_core.domain.commands import SendMessage
from chat_core.domain.connection import ClientInfo
from chat_core.domain.events import Event, KeepAlive, MemberJoined, MessagePublished
from chat_core.domain.history import StreamPosition
from chat_core.domain.replies import Published
from chat_core.errors import (
    ChatError,
    ConnectionClosed,
    InvalidRequest,
    MalformedFrame,
    MessageTooLarge,
    Unavailable,
    UnknownAction,
)
from chat_core.wire.codec import Decoded, RefusedRequest, Request
from chat_core.wire.json_text import MAX_NESTING
from chat_core.wire.plain import Plain

PLAIN = Plain()


def decode(text: str) -> Decoded:
    """Return the one request of a frame."""
    (decoded,) = PLAIN.decode(text)
    return decoded


def data_of(text: str) -> Any:
    """Return the data of a message."""
    decoded = decode(text)
    assert isinstance(decoded, Request)
    assert isinstance(decoded.command, SendMessage)
    return decoded.command.data


def fault_of(text: str) -> ChatError:
    """Return what is wrong with a frame."""
    decoded = decode(text)
    assert isinstance(decoded, RefusedRequest)
    return decoded.fault


def message(data: Any) -> str | None:
    """Return what a client receives of a message."""
    return PLAIN.encode_event(MessagePublished(data=data, offset=5))


def test_request_of_the_original_sample_is_understood() -> None:
    """Clients written for the AWS sample must keep working."""
    assert data_of('{"action":"sendmessage","data":"live long"}') == "live long"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{",
        "[]",
        '"sendmessage"',
        "5",
        "null",
        "{}",
        '{"data":"x"}',
        '{"action":5,"data":"x"}',
        '{"action":null}',
        '{"action":"sendmessage","data":NaN}',
        '{"action":"sendmessage","data":-Infinity}',
        '{"action":"sendmessage","data":1e999}',
        '{"action":"sendmessage","data":' + "9" * 5000 + "}",
        '{"action":"sendmessage","data":' + "[" * 100_000,
        '{"action":"sendmessage","ref":"\\ud800","data":"x"}',
    ],
)
def test_frame_that_is_no_request_is_malformed(text: str) -> None:
    """Whatever a client sends, it gets the one code that says that nothing could be made of it."""
    fault = fault_of(text)
    assert isinstance(fault, MalformedFrame)
    assert fault.code == "malformed_frame"


def test_unknown_action_has_its_own_code() -> None:
    """A client that is newer than the service can tell that from a fault of its own."""
    assert isinstance(fault_of('{"action":"selfdestruct"}'), UnknownAction)


@pytest.mark.parametrize("members", ['"data":""', '"other":1'])
def test_message_without_data_is_refused(members: str) -> None:
    """There is nothing to deliver."""
    fault = fault_of('{"action":"sendmessage",' + members + "}")
    assert isinstance(fault, InvalidRequest)
    assert fault.member == "data"


@pytest.mark.parametrize("data", [None, False, 0, [], {}, {"a": [1, 2.5]}, "ö", "\x00"])
def test_any_other_json_value_is_data(data: Any) -> None:
    """The chat does not care what is in a message."""
    assert data_of(json.dumps({"action": "sendmessage", "data": data})) == data


@pytest.mark.parametrize("ref", ["", "7", 7, -1, "x" * 64])
def test_ref_is_a_short_string_or_an_integer(ref: str | int) -> None:
    """It is repeated in replies, so it has to be small and exact."""
    assert decode(json.dumps({"action": "sendmessage", "ref": ref})).ref == ref


@pytest.mark.parametrize("ref", [True, 1.5, [], {}, "x" * 65])
def test_any_other_ref_is_refused(ref: Any) -> None:
    """A float might come back changed, and a long one would make every reply long."""
    fault = fault_of(json.dumps({"action": "sendmessage", "ref": ref}))
    assert isinstance(fault, InvalidRequest)
    assert fault.member == "ref"


def test_plain_client_receives_a_string_as_it_is() -> None:
    """That is the original sample's protocol."""
    assert message('live "long"') == 'live "long"'


def test_plain_client_receives_other_data_as_compact_json() -> None:
    """Not as Python's notation, and readable in every script."""
    assert message({"a": [1, None, "ö"]}) == '{"a":[1,null,"ö"]}'


def test_plain_client_receives_nothing_but_messages() -> None:
    """It would take anything else for a message."""
    others: list[Event] = [KeepAlive(), MemberJoined(room="lobby", member=ClientInfo(user="", client="c1="))]
    assert [PLAIN.encode_event(each) for each in others] == [None, None]
    assert PLAIN.encode_reply(ref=7, reply=Published(position=StreamPosition("e", 5))) == ()


def test_messages_to_a_plain_client_do_not_share_a_frame() -> None:
    """It shows what a frame holds as one message."""
    assert PLAIN.frames(["a", "b"], payload_bytes=100) == ["a", "b"]


def test_message_is_never_longer_than_its_data() -> None:
    """So its size can be judged before it is written."""
    assert PLAIN.envelope_bytes(MessagePublished(data="x")) == 0


@pytest.mark.parametrize(
    ("fault", "code", "retryable"),
    [
        (MalformedFrame("no"), "malformed_frame", False),
        (UnknownAction(), "unknown_action", False),
        (InvalidRequest("no", member="data"), "invalid_request", False),
        (MessageTooLarge(size=2, limit=1), "message_too_large", False),
        (ConnectionClosed(), "connection_closed", False),
        (Unavailable("no"), "unavailable", True),
    ],
)
def test_codes_are_what_clients_rely_on(fault: ChatError, code: str, retryable: bool) -> None:
    """Renaming one breaks every client that branches on it."""
    event = json.loads(PLAIN.encode_fault(ref=None, fault=fault))
    assert event == {"type": "error", "code": code, "message": str(fault), "retryable": retryable}


def test_error_repeats_the_ref() -> None:
    """The sender can tell which of its requests failed."""
    assert json.loads(PLAIN.encode_fault(ref=5, fault=UnknownAction()))["ref"] == 5


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    """Return a frame of which this many objects and arrays stand inside each other."""
    return '{"action":"sendmessage","data":' + opening * (depth - 1) + closing * (depth - 1) + "}"


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":[', "]}")])
def test_frame_is_nested_up_to_a_limit_of_the_protocols_own(opening: str, closing: str) -> None:
    """The same for every Python, and far below what any client's parser takes."""
    levels = opening.count("[") + opening.count("{")
    fits = (MAX_NESTING - 1) // levels
    inside = opening * fits + "1" + closing * fits
    data = data_of('{"action":"sendmessage","data":' + inside + "}")
    assert json.dumps(data, separators=(",", ":")) == inside
    fault = fault_of('{"action":"sendmessage","data":' + opening + inside + closing + "}")
    assert isinstance(fault, MalformedFrame)
    assert "nested" in str(fault)


@pytest.mark.parametrize("depth", [MAX_NESTING + 1, 900, 5_000, 60_000])
def test_frame_that_is_nested_too_deep_is_malformed(depth: int) -> None:
    """Whether the parser gives up or the protocol does."""
    fault = fault_of(nested(depth))
    assert isinstance(fault, MalformedFrame)
    assert "nested" in str(fault)


def test_brackets_in_text_are_no_nesting() -> None:
    """Nor is breadth."""
    broad: list[Any] = [[], {}] * 1000
    for data in ("[{" * 1000, broad):
        assert data_of(json.dumps({"action": "sendmessage", "data": data})) == data
