"""The chat of plain clients: everyone is in the lobby, and a message arrives as it was sent."""

import asyncio
import json
import math

import pytest

from adapters.memory import MemoryRateLimiter
from chat_core import Budget, MessagePublished, Outcome, Rate, TooManyRequests, Unavailable
from tests.support.chat import MemoryChat, until

HELLO = '{"action":"sendmessage","data":"live long"}'


async def test_message_goes_to_everyone_the_sender_included(chat: MemoryChat) -> None:
    """The original sample's exchange, over more pages than may be in flight at once."""
    inboxes = [await chat.join(f"c{i:02}") for i in range(75)]
    result = await chat.receive("c00", HELLO)
    assert inboxes == [["live long"]] * 75
    assert result.report is not None
    assert (result.report.delivered, result.report.gone, result.report.failures) == (75, 0, 0)


async def test_messages_arrive_in_the_order_of_the_room(chat: MemoryChat) -> None:
    """Whoever sent them, and although many are sent at once."""
    inboxes = [await chat.join(each) for each in "abc"]
    await asyncio.gather(*(chat.receive("abc"[i % 3], HELLO.replace("live long", str(i))) for i in range(60)))
    assert sorted(inboxes[0], key=int) == [str(i) for i in range(60)]
    assert inboxes[1] == inboxes[0]
    assert inboxes[2] == inboxes[0]


async def test_plain_client_receives_nothing_but_messages_and_its_own_faults(chat: MemoryChat) -> None:
    """It would take anything else for a message."""
    plain = await chat.join("p")
    await chat.client("r", "lobby", join_leave=True)
    await chat.receive("p", '{"action":"sendmessage","data":{"x":1},"ref":7}')
    await chat.leave("r")
    assert plain == ['{"x":1}']


async def test_fault_is_told_to_its_sender_alone(chat: MemoryChat) -> None:
    """The connection stays open, and nobody else is bothered."""
    sender, other = await chat.join("a"), await chat.join("b")
    result = await chat.receive("a", "rubbish")
    assert [json.loads(text)["code"] for text in sender] == ["malformed_frame"]
    assert other == []
    assert result.fault is not None
    await chat.receive("a", HELLO)
    assert other == ["live long"]


async def test_fault_repeats_the_ref_as_soon_as_it_is_known(chat: MemoryChat) -> None:
    """The client gave it."""
    sender = await chat.join("a")
    await chat.receive("a", '{"action":"sendmessage","ref":9}')
    assert json.loads(sender[0]) == {
        "type": "error", "code": "invalid_request", "message": "The request must have data.",
        "retryable": False, "ref": 9,
    }  # fmt: skip


async def test_connection_is_in_the_lobby_from_its_start_to_its_end(chat: MemoryChat) -> None:
    """A message afterwards does not meet it."""
    inbox = await chat.join("a")
    await chat.join("b")
    await chat.leave("a")
    await chat.receive("b", HELLO)
    assert inbox == []
    assert await chat.audience("lobby") == ["b"]


async def test_connection_that_is_gone_is_removed_and_disturbs_nobody(chat: MemoryChat) -> None:
    """API Gateway's `$disconnect` is best effort, so a delivery is what finds out."""
    inbox = await chat.join("here")
    await chat.join("vanished")
    chat.sink.detach("vanished")
    report = await chat.announce(MessagePublished(data="hi"))
    assert (report.delivered, report.gone) == (1, 1)
    assert inbox == ["hi"]
    assert await chat.audience("lobby") == ["here"]


async def test_connection_that_fails_is_counted_and_kept(chat: MemoryChat) -> None:
    """It may be back for the next message."""
    inbox = await chat.join("here")
    await chat.join("broken")

    async def fail(text: str) -> None:
        raise RuntimeError(text)

    chat.sink.attach("broken", fail)
    report = await chat.announce(MessagePublished(data="hi"))
    assert report.failed == {Outcome.UNAVAILABLE: 1}
    assert inbox == ["hi"]
    assert await chat.audience("lobby") == ["broken", "here"]


async def test_connection_that_hangs_costs_the_others_nothing(chat: MemoryChat) -> None:
    """They have their message while it still waits."""
    inbox = await chat.join("a")
    await chat.join("z")
    released = asyncio.Event()

    async def hang(_text: str) -> None:
        await released.wait()

    chat.sink.attach("z", hang)
    sending = asyncio.create_task(chat.announce(MessagePublished(data="hi")))
    await until(lambda: inbox)
    released.set()
    assert (await sending).delivered == 2


async def test_client_that_reads_too_slowly_is_sent_away_and_comes_back(chat: MemoryChat) -> None:
    """It has missed a message; the next one does not meet it."""
    closed: list[str] = []
    inbox = await chat.join("a")
    await chat.join("deaf")

    async def refuse(_text: str) -> None:
        raise asyncio.QueueFull

    chat.sink.attach("deaf", refuse, close=lambda: closed.append("deaf"))
    report = await chat.announce(MessagePublished(data="hi"))
    assert (report.delivered, report.failed, report.closed) == (1, {Outcome.SLOW: 1}, 1)
    assert closed == ["deaf"]
    report = await chat.announce(MessagePublished(data="again"))
    assert (report.delivered, report.failed, report.closed) == (1, {}, 0)
    assert inbox == ["hi", "again"]


async def test_sender_that_does_not_read_its_replies_is_sent_away(chat: MemoryChat) -> None:
    """Each of its requests would go on costing posts that nobody takes."""
    closed: list[str] = []
    await chat.join("deaf")

    async def refuse(_text: str) -> None:
        raise asyncio.QueueFull

    chat.sink.attach("deaf", refuse, close=lambda: closed.append("deaf"))
    await chat.receive("deaf", "rubbish")
    assert closed == ["deaf"]


async def test_more_than_a_senders_rate_is_refused_and_reaches_nobody() -> None:
    """Others are not held to what it sends."""
    chat = MemoryChat(limiter=MemoryRateLimiter(Rate(per_second=1, burst=2), clock=lambda: 0.0))
    sender, other = await chat.join("a"), await chat.join("b")
    for _ in range(3):
        result = await chat.receive("a", HELLO)
    assert isinstance(result.fault, TooManyRequests)
    assert [json.loads(each)["code"] for each in sender if each != "live long"] == ["too_many_requests"]
    assert len(other) == 2
    assert (await chat.receive("b", HELLO)).fault is None


async def test_message_too_large_reaches_nobody(chat: MemoryChat) -> None:
    """Whoever receives it must not depend on who else is in the room: its size is judged for all codecs."""
    inbox = await chat.join("a")
    result = await chat.receive("a", json.dumps({"action": "sendmessage", "data": "x" * (128 * 1024 - 50)}))
    assert result.fault is not None
    assert [json.loads(text)["code"] for text in inbox] == ["message_too_large"]


async def test_closed_connection_sends_nothing(chat: MemoryChat) -> None:
    """A frame that was under way when its connection ended."""
    inbox = await chat.join("a")
    await chat.join("b")
    await chat.leave("b")
    result = await chat.receive("b", HELLO)
    assert result.fault is not None
    assert inbox == []


async def test_plain_sender_is_looked_up_once(chat: MemoryChat, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second message costs one round trip less."""
    await chat.join("a")
    await chat.receive("a", HELLO)

    async def fail(*_args: object, **_more: object) -> None:
        raise Unavailable("down")

    monkeypatch.setattr(chat.rooms, "find", fail)
    assert (await chat.receive("a", HELLO)).fault is None


async def test_store_that_fails_is_told_as_retryable(chat: MemoryChat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was appended, so that the client may ask again."""
    inbox = await chat.join("a")

    async def fail(*_args: object, **_more: object) -> None:
        raise Unavailable("down")

    monkeypatch.setattr(chat.feed, "append", fail)
    await chat.receive("a", HELLO)
    assert [json.loads(text)["retryable"] for text in inbox] == [True]


async def test_no_time_is_no_reason_to_lose_a_message(chat: MemoryChat) -> None:
    """Those that there is no time for get it from a worker."""
    inboxes = [await chat.join(f"c{i}") for i in range(10)]
    late = Budget(deadline=math.inf, yield_at=chat.clock.monotonic())
    await chat.receive("c0", HELLO, late)
    assert sum(map(len, inboxes)) < 10
    await chat.wake()
    assert inboxes == [["live long"]] * 10
