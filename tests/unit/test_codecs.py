"""The choice of a codec, and what is judged once for all of them."""

from typing import Any

import pytest

from chat_core.domain.commands import Join, SendMessage
from chat_core.domain.events import KeepAlive, MessagePublished
from chat_core.errors import InvalidRequest, MalformedFrame, MessageTooLarge
from chat_core.limits import Limits
from chat_core.wire.codec import RefusedRequest, Request
from chat_core.wire.codecs import Codecs, Negotiated
from chat_core.wire.plain import Plain

MAX_PAYLOAD_BYTES = 131_072
CODECS = Codecs(limits=Limits(payload_bytes=MAX_PAYLOAD_BYTES))


@pytest.mark.parametrize(
    ("subprotocols", "name", "codec", "confirmed"),
    [
        ([], None, "plain", None),
        ([""], None, "plain", None),
        (["graphql-ws"], None, "plain", None),
        (["graphql-ws", "centrifuge-json"], None, "centrifuge", "centrifuge-json"),
        ([], "centrifuge", "centrifuge", None),
        (["centrifuge-json"], "centrifuge", "centrifuge", "centrifuge-json"),
        (["centrifuge-json"], "plain", "plain", None),
    ],
)
def test_codec_is_chosen_by_subprotocol_or_name(
    subprotocols: list[str], name: str | None, codec: str, confirmed: str | None
) -> None:
    """A client that asks for nothing gets the original sample's; only a subprotocol that is spoken is confirmed."""
    chosen = CODECS.negotiate(subprotocols=subprotocols, codec=name)
    needs_connect = codec == "centrifuge"
    assert chosen == Negotiated(codec=codec, needs_connect=needs_connect, subprotocol=confirmed)


def test_codec_of_clients_that_ask_for_none_can_be_another() -> None:
    """A deployment whose clients all use Centrifuge's libraries needs nothing in its URL."""
    codecs = Codecs(default="centrifuge")
    assert codecs.negotiate(subprotocols=[], codec=None).codec == "centrifuge"
    assert codecs.negotiate(subprotocols=[], codec="plain").codec == "plain"


def test_unknown_codec_is_refused() -> None:
    """A typing error must not lead to the wrong protocol silently: neither a client's nor the deployment's."""
    with pytest.raises(InvalidRequest, match="plain, centrifuge") as refused:
        CODECS.negotiate(subprotocols=[], codec="xml")
    assert refused.value.member == "protocol"
    with pytest.raises(ValueError, match="plain, centrifuge"):
        Codecs(default="xml")


def test_codecs_of_an_embedder_take_the_place_of_ours() -> None:
    """They need not be two."""
    codecs = Codecs([Plain()])
    assert [each.name for each in codecs] == ["plain"]
    assert codecs.guess('{"id":1}').name == "plain"


def test_frame_is_read_by_the_codec_of_its_sender() -> None:
    """A codec that is not known here, as in an old function while a new version is deployed, is the default one."""
    frame = '{"action":"sendmessage","data":"x","id":1,"subscribe":{"channel":"a"}}'
    assert CODECS.decode(frame, codec="centrifuge") == [Request(ref=1, command=Join(room="a"))]
    for codec in (None, "newer"):
        assert CODECS.decode(frame, codec=codec) == (Request(ref=None, command=SendMessage(data="x")),)
    assert CODECS.named("newer") is None


@pytest.mark.parametrize("codec", [None, "centrifuge"])
def test_frame_over_the_limit_of_the_transport_is_too_large(codec: str | None) -> None:
    """A server may let through what the transport to the recipients would not."""
    (decoded,) = CODECS.decode("é" * (MAX_PAYLOAD_BYTES // 2 + 1), codec=codec)
    assert isinstance(decoded, RefusedRequest)
    assert isinstance(decoded.fault, MessageTooLarge)
    assert (decoded.fault.limit, decoded.fault.size) == (131_072, 131_074)


@pytest.mark.parametrize(
    ("frame", "codec"),
    [
        ('{"id":1,"connect":{}}\n{"id":', "centrifuge"),
        ('{"id":1,"subscribe":{"channel":"a"}}', "centrifuge"),
        ('{"action":"sendmessage","data":"x","id":1}', "plain"),
        ('{"send":{}}', "plain"),
        ("live long", "plain"),
        ("[1]", "plain"),
        ("", "plain"),
    ],
)
def test_codec_of_a_sender_that_is_not_known_is_guessed_by_its_frame(frame: str, codec: str) -> None:
    """An answer that is no JSON would end a client of Centrifuge's for good."""
    assert CODECS.guess(frame).name == codec


def test_message_that_grows_over_the_limit_in_some_codec_is_too_large() -> None:
    """API Gateway would answer the post with 413; who receives a message must not depend on who else is there."""
    overhead = CODECS.named("centrifuge").envelope_bytes(MessagePublished(data=None))  # type: ignore[union-attr]
    CODECS.check_event(MessagePublished(data="x" * (MAX_PAYLOAD_BYTES - overhead - 2)))
    with pytest.raises(MessageTooLarge):
        CODECS.check_event(MessagePublished(data="x" * (MAX_PAYLOAD_BYTES - overhead - 1)))


def test_event_without_data_is_not_judged() -> None:
    """The chat makes it itself, and makes it small."""
    CODECS.check_event(KeepAlive())


@pytest.mark.parametrize("data", ["\ud800", float("nan"), [float("inf")]])
def test_message_that_no_text_frame_can_carry_reaches_nobody(data: Any) -> None:
    """Half of a surrogate pair is no Unicode, and a client ends at a frame that is no JSON."""
    with pytest.raises(MalformedFrame):
        CODECS.check_event(MessagePublished(data=data))


def test_message_of_an_embedder_that_is_nested_beyond_python_reaches_nobody() -> None:
    """It never was a frame, so nothing has measured it."""
    data: Any = "x"
    for _ in range(100_000):
        data = [data]
    with pytest.raises(MalformedFrame, match="nested"):
        CODECS.check_event(MessagePublished(data=data))
