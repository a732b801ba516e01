"""What a client's frame leads to, and who is told."""

import json
import math

from adapters.memory import MemoryConnectionStore, MemoryRateLimiter
from chat_core import Rate, TooManyRequests, Unavailable
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
    assert [(e["code"], e.get("ref")) for e in map(json.loads, sender)] == [
        ("malformed_frame", None),
        ("unknown_action", 3),
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
