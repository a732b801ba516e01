"""The wire protocol: what is taken, what is refused with which code, and what is rendered byte for byte."""

import json
from typing import Any

import pytest

from chat_core import (
    ChatError,
    Codecs,
    ConnectionClosed,
    InvalidRequest,
    Limits,
    MalformedFrame,
    MessagePublished,
    MessageTooLarge,
    Outcome,
    Report,
    SendMessage,
    Sent,
    Unavailable,
    UnknownAction,
)
from chat_core.wire.chat_v1 import ChatV1
from chat_core.wire.codec import Decoded, RefusedRequest, Request
from chat_core.wire.codecs import Negotiated
from chat_core.wire.json_text import MAX_NESTING
from chat_core.wire.payloads import Payloads
from chat_core.wire.plain import Plain

MAX_PAYLOAD_BYTES = 131_072
CODECS = Codecs(limits=Limits(payload_bytes=MAX_PAYLOAD_BYTES))
PLAIN, JSON = Plain(), ChatV1()


def decode(text: str) -> Decoded:
    """Return the one request of a frame, which both codecs read alike."""
    (decoded,) = CODECS.decode(text)
    assert CODECS.decode(text, codec="json")[0].ref == decoded.ref
    return decoded


def data_of(text: str) -> Any:
    """Return the data of a message."""
    decoded = decode(text)
    assert isinstance(decoded, Request)
    return decoded.command.data


def fault_of(text: str) -> ChatError:
    """Return what is wrong with a frame."""
    decoded = decode(text)
    assert isinstance(decoded, RefusedRequest)
    return decoded.fault


def message(codec: Plain | ChatV1, data: Any) -> str | None:
    """Return what a client receives of a message."""
    return Payloads(CODECS, MessagePublished(room="lobby", sender="abc=", data=data)).encoded(codec.name)


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


def test_frame_over_the_limit_of_the_transport_is_too_large() -> None:
    """A server may let through what the transport to the recipients would not."""
    fault = fault_of('{"action":"sendmessage","data":"' + "é" * (MAX_PAYLOAD_BYTES // 2) + '"}')
    assert isinstance(fault, MessageTooLarge)
    assert (fault.limit, fault.size) == (131_072, 131_072 + 34)


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
    assert message(PLAIN, 'live "long"') == 'live "long"'


def test_plain_client_receives_other_data_as_compact_json() -> None:
    """Not as Python's notation, and readable in every script."""
    assert message(PLAIN, {"a": [1, None, "ö"]}) == '{"a":[1,null,"ö"]}'


def test_json_client_receives_an_event() -> None:
    """It can tell what it is, from whom and where."""
    expected = '{"type":"message","room":"lobby","from":"abc=","data":"live long"}'
    assert message(JSON, "live long") == expected


def test_message_that_grows_over_the_limit_in_its_rendering_is_too_large() -> None:
    """API Gateway would answer the post with 413, for every recipient."""
    with pytest.raises(MessageTooLarge):
        message(JSON, "x" * (MAX_PAYLOAD_BYTES - 10))


@pytest.mark.parametrize("to", [PLAIN, JSON])
def test_message_with_half_a_surrogate_pair_is_malformed(to: Plain | ChatV1) -> None:
    """No text frame could carry it."""
    with pytest.raises(MalformedFrame):
        message(to, "\ud800")


def test_confirmation_repeats_the_ref_and_counts() -> None:
    """The sender can match it with its request."""
    sent = {"type": "sent", "ref": "7", "from": "abc=", "delivered": 3, "gone": 1, "failed": 2}
    report = Report(delivered=3, gone=1, failed={Outcome.SLOW: 2})
    assert json.loads(JSON.encode_reply(ref="7", reply=Sent(sender="abc=", report=report))) == sent
    report += Report(continues=True, closed=1)
    extended = sent | {"continues": True, "closed": 1}
    assert json.loads(JSON.encode_reply(ref="7", reply=Sent(sender="abc=", report=report))) == extended


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
    for codec in CODECS:
        event = json.loads(codec.encode_fault(ref=None, fault=fault))
        assert event == {"type": "error", "code": code, "message": str(fault), "retryable": retryable}


def test_error_repeats_the_ref() -> None:
    """The sender can tell which of its requests failed."""
    assert json.loads(PLAIN.encode_fault(ref=5, fault=UnknownAction()))["ref"] == 5


@pytest.mark.parametrize(
    ("subprotocols", "name", "codec", "confirmed"),
    [
        ([], None, "plain", None),
        (["graphql-ws"], None, "plain", None),
        (["graphql-ws", "chat.v1"], None, "json", "chat.v1"),
        ([], "json", "json", None),
        (["chat.v1"], "json", "json", "chat.v1"),
        (["chat.v1"], "plain", "plain", None),
    ],
)
def test_codec_is_chosen_by_subprotocol_or_name(
    subprotocols: list[str], name: str | None, codec: str, confirmed: str | None
) -> None:
    """A client that asks for nothing gets the original sample's; only a subprotocol that is spoken is confirmed."""
    chosen = CODECS.negotiate(subprotocols=subprotocols, codec=name)
    assert chosen == Negotiated(codec=codec, subprotocol=confirmed)


def test_unknown_codec_is_refused() -> None:
    """A typing error must not lead to the wrong format silently."""
    with pytest.raises(InvalidRequest, match="plain, json"):
        CODECS.negotiate(subprotocols=[], codec="xml")


def test_frame_of_a_client_with_an_unknown_codec_is_read_by_the_default() -> None:
    """An old function, while a new version is deployed."""
    (decoded,) = CODECS.decode('{"action":"sendmessage","data":"x"}', codec="newer")
    assert decoded == Request(ref=None, command=SendMessage(data="x"))


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


def test_message_of_an_embedder_that_is_nested_beyond_python_reaches_nobody() -> None:
    """It never was a frame, so nothing has measured it."""
    data: Any = "x"
    for _ in range(100_000):
        data = [data]
    with pytest.raises(MalformedFrame, match="nested"):
        message(PLAIN, data)


def test_brackets_in_text_are_no_nesting() -> None:
    """Nor is breadth."""
    broad: list[Any] = [[], {}] * 1000
    for data in ("[{" * 1000, broad):
        assert data_of(json.dumps({"action": "sendmessage", "data": data})) == data
