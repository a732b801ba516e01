"""The wire protocol: what is taken, what is refused with which code, and what is rendered byte for byte."""

import json
from typing import Any

import pytest

from chat_core import (
    ChatError,
    Format,
    InvalidRequest,
    MalformedFrame,
    MessageTooLarge,
    Unavailable,
    UnknownAction,
    choose_format,
)
from chat_core.protocol import (
    MAX_NESTING,
    MAX_PAYLOAD_BYTES,
    parse_frame,
    parse_send_message,
    render_error,
    render_message,
    render_sent,
)


def message(to: Format, data: Any) -> str:
    return render_message(to=to, room="lobby", sender="abc=", data=data)


def test_request_of_the_original_sample_is_understood() -> None:
    """Clients written for the AWS sample must keep working."""
    assert parse_send_message(parse_frame('{"action":"sendmessage","data":"live long"}')) == "live long"


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
    with pytest.raises(MalformedFrame) as caught:
        parse_send_message(parse_frame(text))
    assert caught.value.code == "malformed_frame"


def test_frame_over_the_limit_of_api_gateway_is_too_large() -> None:
    """An embedder's transport may let through what API Gateway would not."""
    with pytest.raises(MessageTooLarge) as caught:
        parse_frame('{"action":"sendmessage","data":"' + "é" * (MAX_PAYLOAD_BYTES // 2) + '"}')
    assert caught.value.limit == 131_072
    assert caught.value.size == 131_072 + 34


def test_unknown_action_has_its_own_code() -> None:
    """A client that is newer than the service can tell that from a fault of its own."""
    with pytest.raises(UnknownAction):
        parse_send_message(parse_frame('{"action":"selfdestruct"}'))


@pytest.mark.parametrize("members", ['"data":""', '"other":1'])
def test_message_without_data_is_refused(members: str) -> None:
    """There is nothing to deliver."""
    with pytest.raises(InvalidRequest) as caught:
        parse_send_message(parse_frame('{"action":"sendmessage",' + members + "}"))
    assert caught.value.member == "data"


@pytest.mark.parametrize("data", [None, False, 0, [], {}, {"a": [1, 2.5]}, "ö", "\x00"])
def test_any_other_json_value_is_data(data: Any) -> None:
    """The chat does not care what is in a message."""
    assert parse_send_message(parse_frame(json.dumps({"action": "sendmessage", "data": data}))) == data


@pytest.mark.parametrize("ref", ["", "7", 7, -1, "x" * 64])
def test_ref_is_a_short_string_or_an_integer(ref: str | int) -> None:
    """It is repeated in replies, so it has to be small and exact."""
    assert parse_frame(json.dumps({"action": "sendmessage", "ref": ref})).ref == ref


@pytest.mark.parametrize("ref", [True, 1.5, [], {}, "x" * 65])
def test_any_other_ref_is_refused(ref: Any) -> None:
    """A float might come back changed, and a long one would make every reply long."""
    with pytest.raises(InvalidRequest) as caught:
        parse_frame(json.dumps({"action": "sendmessage", "ref": ref}))
    assert caught.value.member == "ref"


def test_plain_client_receives_a_string_as_it_is() -> None:
    """That is the original sample's protocol."""
    assert message(Format.PLAIN, 'live "long"') == 'live "long"'


def test_plain_client_receives_other_data_as_compact_json() -> None:
    """Not as Python's notation, and readable in every script."""
    assert message(Format.PLAIN, {"a": [1, None, "ö"]}) == '{"a":[1,null,"ö"]}'


def test_json_client_receives_an_event() -> None:
    """It can tell what it is, from whom and where."""
    expected = '{"type":"message","room":"lobby","from":"abc=","data":"live long"}'
    assert message(Format.JSON, "live long") == expected


def test_message_that_grows_over_the_limit_in_its_rendering_is_too_large() -> None:
    """API Gateway would answer the post with 413, for every recipient."""
    with pytest.raises(MessageTooLarge):
        message(Format.JSON, "x" * (MAX_PAYLOAD_BYTES - 10))


@pytest.mark.parametrize("to", list(Format))
def test_message_with_half_a_surrogate_pair_is_malformed(to: Format) -> None:
    """No text frame could carry it."""
    with pytest.raises(MalformedFrame):
        message(to, "\ud800")


def test_confirmation_repeats_the_ref_and_counts() -> None:
    """The sender can match it with its request."""
    sent = {"type": "sent", "ref": "7", "from": "abc=", "delivered": 3, "gone": 1, "failed": 2}
    counts = {"delivered": 3, "gone": 1, "failed": 2}
    assert json.loads(render_sent(ref="7", sender="abc=", **counts, continues=False)) == sent
    assert json.loads(render_sent(ref="7", sender="abc=", **counts, continues=True)) == sent | {"continues": True}


@pytest.mark.parametrize(
    ("fault", "code", "retryable"),
    [
        (MalformedFrame("no"), "malformed_frame", False),
        (UnknownAction(), "unknown_action", False),
        (InvalidRequest("no", member="data"), "invalid_request", False),
        (MessageTooLarge(size=2, limit=1), "message_too_large", False),
        (Unavailable("no"), "unavailable", True),
    ],
)
def test_codes_are_what_clients_rely_on(fault: ChatError, code: str, retryable: bool) -> None:
    """Renaming one breaks every client that branches on it."""
    event = json.loads(render_error(fault, ref=None))
    assert event == {"type": "error", "code": code, "message": str(fault), "retryable": retryable}


def test_error_repeats_the_ref() -> None:
    """The sender can tell which of its requests failed."""
    assert json.loads(render_error(UnknownAction(), ref=5))["ref"] == 5


@pytest.mark.parametrize(
    ("subprotocols", "query_format", "chosen"),
    [
        ([], None, Format.PLAIN),
        (["graphql-ws"], None, Format.PLAIN),
        (["graphql-ws", "chat.v1"], None, Format.JSON),
        ([], "json", Format.JSON),
        (["chat.v1"], "plain", Format.PLAIN),
    ],
)
def test_format_is_chosen_by_subprotocol_or_query(
    subprotocols: list[str], query_format: str | None, chosen: Format
) -> None:
    """Who asks for nothing gets the original sample's."""
    assert choose_format(subprotocols=subprotocols, query_format=query_format) is chosen


def test_unknown_format_is_refused() -> None:
    """A typing error must not lead to the wrong format silently."""
    with pytest.raises(InvalidRequest, match="plain, json"):
        choose_format(subprotocols=[], query_format="xml")


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    """Return a frame of which this many objects and arrays stand inside each other."""
    return '{"action":"sendmessage","data":' + opening * (depth - 1) + closing * (depth - 1) + "}"


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":[', "]}")])
def test_frame_is_nested_up_to_a_limit_of_the_protocols_own(opening: str, closing: str) -> None:
    """The same for every Python, and far below what any client's parser takes."""
    levels = opening.count("[") + opening.count("{")
    fits = (MAX_NESTING - 1) // levels
    inside = opening * fits + "1" + closing * fits
    frame = parse_frame('{"action":"sendmessage","data":' + inside + "}")
    assert json.dumps(frame.members["data"], separators=(",", ":")) == inside
    with pytest.raises(MalformedFrame, match="nested"):
        parse_frame('{"action":"sendmessage","data":' + opening + inside + closing + "}")


@pytest.mark.parametrize("depth", [MAX_NESTING + 1, 900, 5_000, 60_000])
def test_frame_that_is_nested_too_deep_is_malformed(depth: int) -> None:
    """Whether the parser gives up or the protocol does."""
    with pytest.raises(MalformedFrame, match="nested"):
        parse_frame(nested(depth))


def test_brackets_in_text_are_no_nesting() -> None:
    """Nor is breadth."""
    assert parse_frame(json.dumps({"action": "a", "data": "[{" * 1000})).action == "a"
    assert parse_frame(json.dumps({"action": "a", "data": [[], {}] * 1000})).action == "a"
