"""What a client's frame leads to, and who is told."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace

from adapters.memory import MemoryConnectionStore, MemoryRateLimiter
from chat_core import Codecs, Frame, Rate, TooManyRequests, Unavailable
from chat_core.wire.chat_v1 import ChatV1
from chat_core.wire.codec import Decoded
from tests.support.chat import JSON, MemoryChat


async def test_message_goes_to_everyone(chat: MemoryChat) -> None:
    """The original sample's exchange."""
    inboxes = [await chat.join("a"), await chat.join("b")]
    result = await chat.receive("a", '{"action":"sendmessage","data":"live long"}')
    assert inboxes == [["live long"], ["live long"]]
    assert result.report is not None
    assert result.report.delivered == 2


async def test_fault_is_told_to_its_sender_alone(chat: MemoryChat) -> None:
    """The connection stays open, and nobody else is bothered."""
    sender, other = await chat.join("a"), await chat.join("b")
    result = await chat.receive("a", "rubbish")
    assert [json.loads(text)["code"] for text in sender] == ["malformed_frame"]
    assert other == []
    assert result.fault is not None


async def test_fault_repeats_the_ref_as_soon_as_it_is_known(chat: MemoryChat) -> None:
    """Even a plain client gets it back: it gave it."""
    sender = await chat.join("a")
    await chat.receive("a", '{"action":"sendmessage","ref":9}')
    assert json.loads(sender[0]) == {
        "type": "error", "code": "invalid_request", "message": "The request must have data.",
        "retryable": False, "ref": 9,
    }  # fmt: skip


async def test_json_client_that_gave_a_ref_is_told_how_many_it_reached(chat: MemoryChat) -> None:
    """It can show that the message was delivered."""
    sender = await chat.join("a", codec=JSON)
    await chat.join("b")
    await chat.receive("a", '{"action":"sendmessage","data":"hi","ref":"r1"}')
    assert json.loads(sender[-1]) == {
        "type": "sent", "ref": "r1", "from": "a", "delivered": 2, "gone": 0, "failed": 0,
    }  # fmt: skip


async def test_json_client_without_a_ref_gets_no_confirmation(chat: MemoryChat) -> None:
    """It did not ask for one."""
    sender = await chat.join("a", codec=JSON)
    await chat.receive("a", '{"action":"sendmessage","data":"hi"}')
    assert [json.loads(text)["type"] for text in sender] == ["message"]


async def test_plain_client_never_receives_a_confirmation(chat: MemoryChat) -> None:
    """It would take it for a message."""
    sender = await chat.join("a")
    await chat.receive("a", '{"action":"sendmessage","data":"hi","ref":"r1"}')
    assert sender == ["hi"]


class UnreadableStore(MemoryConnectionStore):
    """Can be written only."""

    def recipients(self, *, room: str, cursor: str = "", deadline: float = math.inf):  # type: ignore[no-untyped-def] # noqa: ANN201
        raise Unavailable("The store cannot be read.")

    async def find(self, *, connection_id: str, deadline: float = math.inf) -> None:
        raise Unavailable("The store cannot be read.")


async def test_store_that_fails_is_told_as_retryable() -> None:
    """The sender knows that the message was not delivered and that trying again makes sense."""
    chat = MemoryChat(store=UnreadableStore())
    sender = await chat.join("a")
    result = await chat.receive("a", '{"action":"sendmessage","data":"hi"}')
    assert json.loads(sender[0])["code"] == "unavailable"
    assert json.loads(sender[0])["retryable"] is True
    assert isinstance(result.fault, Unavailable)


async def test_nothing_is_sent_when_the_sender_cannot_be_looked_up() -> None:
    """Otherwise it would be told to repeat what everyone had already received."""
    chat = MemoryChat(store=UnreadableStore())
    sender, other = await chat.join("a"), await chat.join("b")
    await chat.receive("a", '{"action":"sendmessage","data":"hi","ref":1}')
    assert json.loads(sender[0])["ref"] == 1
    assert other == []


async def test_sender_that_left_meanwhile_is_no_fault(chat: MemoryChat) -> None:
    """Its message is delivered all the same."""
    other = await chat.join("b")
    result = await chat.receive("a", '{"action":"sendmessage","data":"bye","ref":1}')
    assert other == ["bye"]
    assert result.fault is None


async def test_frame_that_no_route_takes_is_refused_with_its_reason(chat: MemoryChat) -> None:
    """`$default` gets both what is not JSON and what names an unknown action."""
    sender = await chat.join("a")
    await chat.refuse("a", "hello")
    await chat.refuse("a", '{"action":"dance","ref":3}')
    await chat.refuse("a", '{"action":"sendmessage","data":"hi","ref":4}')
    assert [(e["code"], e.get("ref")) for e in map(json.loads, sender)] == [
        ("malformed_frame", None),
        ("unknown_action", 3),
        ("unknown_action", 4),
    ]


async def test_connection_is_in_the_lobby_from_connect_to_disconnect(chat: MemoryChat) -> None:
    """Everyone connected is the lobby: there is one notion of audience."""
    await chat.join("a")
    assert await chat.store.find(connection_id="a") is not None
    await chat.leave("a")
    assert await chat.store.find(connection_id="a") is None


async def test_more_than_a_senders_rate_is_refused_and_reaches_nobody() -> None:
    """The sender is told, and its connection stays open; what is no message for the room does not count."""
    chat = MemoryChat(limiter=MemoryRateLimiter(Rate(per_second=0.001, burst=2)))
    sender, other = await chat.join("a", codec=JSON), await chat.join("b")
    await chat.receive("a", "rubbish")
    for ref in range(3):
        result = await chat.receive("a", json.dumps({"action": "sendmessage", "data": "hi", "ref": ref}))
    assert isinstance(result.fault, TooManyRequests)
    assert json.loads(sender[-1]) == {
        "type": "error", "code": "too_many_requests", "retryable": True, "ref": 2,
        "message": "This connection sends too much at once; try again a little later.",
    }  # fmt: skip
    assert other == ["hi", "hi"]
    assert (await chat.receive("b", '{"action":"sendmessage","data":"me too"}')).fault is None


async def test_message_that_cannot_be_counted_is_not_sent() -> None:
    """Otherwise whoever makes the count fail sends without a bound."""

    class Broken(MemoryRateLimiter):
        async def admit(self, *, sender: str, deadline: float = math.inf) -> bool:
            raise Unavailable("no table")

    chat = MemoryChat(limiter=Broken(Rate(per_second=1, burst=1)))
    sender = await chat.join("a")
    assert isinstance((await chat.receive("a", '{"action":"sendmessage","data":"hi"}')).fault, Unavailable)
    assert [json.loads(each)["code"] for each in sender] == ["unavailable"]


async def test_transport_that_knows_the_codec_spares_the_store_a_read() -> None:
    """A server that holds the connections has it in memory."""
    chat = MemoryChat(store=UnreadableStore())
    sender = await chat.join("a", codec=JSON)
    frame = Frame(connection_id="a", text='{"action":"sendmessage","ref":1}', codec=JSON)
    await chat.chat.receive_frame(frame)
    assert json.loads(sender[0])["code"] == "invalid_request"
    readable = MemoryChat()
    sender = await readable.join("a", codec=JSON)
    frame = Frame(connection_id="a", text='{"action":"sendmessage","data":"hi","ref":1}', codec=JSON)
    await readable.chat.receive_frame(frame)
    assert [json.loads(each)["type"] for each in sender] == ["message", "sent"]


class SeveralAtOnce(ChatV1):
    """A codec whose frames are lines, each a request."""

    name = "lines"

    def decode(self, frame: str) -> Sequence[Decoded]:
        return [each for line in frame.splitlines() for each in super(SeveralAtOnce, self).decode(line)]


async def test_requests_of_one_frame_are_executed_in_their_order_each_with_its_own_reply(chat: MemoryChat) -> None:
    """A fault of one of them is no fault of the others; the sender is looked up once."""
    sender = await chat.join("a", codec=JSON)
    commands = replace(chat.chat.receive_frame, codecs=Codecs([SeveralAtOnce(), ChatV1()]))
    lines = [{"action": "sendmessage", "data": n, "ref": n} for n in (1, 2)]
    text = "\n".join(map(json.dumps, [lines[0], {"action": "dance", "ref": 3}, lines[1]]))
    result = await commands(Frame(connection_id="a", text=text))
    assert [(each["type"], each.get("ref")) for each in map(json.loads, sender)] == [
        ("message", None), ("sent", 1), ("error", 3), ("message", None), ("sent", 2),
    ]  # fmt: skip
    assert result.report is not None
    assert (len(result.replies), len(result.faults), result.report.delivered) == (2, 1, 2)
