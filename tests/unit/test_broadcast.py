"""One message to everyone, whatever happens to some."""

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Sequence

import pytest

from adapters.memory import MemoryConnectionStore
from chat_core import Broadcast, Format, Message, MessageTooLarge, Outcome, Outcomes, RecipientsPage, Unavailable
from tests.support.chat import Chat, room_delivery


async def recipients(chat: Chat) -> set[str]:
    pages = [page async for page in chat.store.recipients(room="lobby")]
    return {connection_id for page in pages for ids in page.ids.values() for connection_id in ids}


async def test_everyone_receives_the_message_once_the_sender_included(chat: Chat) -> None:
    """Over more pages than may be in flight at once."""
    inboxes = [await chat.join(f"c{i}") for i in range(75)]
    report = await chat.broadcast(Message(sender="c0", data="live long"))
    assert inboxes == [["live long"]] * 75
    assert (report.delivered, report.gone, report.failed.total()) == (75, 0, 0)


async def test_each_client_receives_its_own_format(chat: Chat) -> None:
    """Both kinds can be in one room."""
    plain = await chat.join("p")
    rich = await chat.join("j", reads=Format.JSON)
    await chat.broadcast(Message(sender="p", data="hi"))
    assert plain == ["hi"]
    assert [json.loads(text) for text in rich] == [{"type": "message", "room": "lobby", "from": "p", "data": "hi"}]


async def test_connection_that_is_gone_is_forgotten_and_disturbs_nobody(chat: Chat) -> None:
    """API Gateway's `$disconnect` is best effort, so a delivery is what finds out."""
    inbox = await chat.join("here")
    await chat.join("vanished")
    chat.sink.detach("vanished")
    report = await chat.broadcast(Message(sender="here", data="hi"))
    assert (report.delivered, report.gone) == (1, 1)
    assert inbox == ["hi"]
    assert await recipients(chat) == {"here"}


async def test_connection_that_fails_is_counted_and_kept(chat: Chat) -> None:
    """It may be back for the next message."""
    inbox = await chat.join("here")
    await chat.join("broken")

    async def fail(text: str) -> None:
        raise RuntimeError(text)

    chat.sink.attach("broken", fail)
    report = await chat.broadcast(Message(sender="here", data="hi"))
    assert report.failed == {Outcome.UNAVAILABLE: 1}
    assert inbox == ["hi"]
    assert await recipients(chat) == {"here", "broken"}


async def test_connection_that_hangs_costs_the_others_nothing(chat: Chat) -> None:
    """Those on later pages get theirs while it still hangs."""
    await chat.join("hanging")

    async def hang(_text: str) -> None:
        await asyncio.Event().wait()

    chat.sink.attach("hanging", hang)
    inboxes = [await chat.join(f"c{i}") for i in range(5)]
    broadcast = asyncio.create_task(chat.broadcast(Message(sender="c0", data="hi", deadline=time.monotonic() + 1)))
    while not all(inboxes):  # noqa: ASYNC110  lists tell nobody that they have grown
        await asyncio.sleep(0)
    assert not broadcast.done()
    report = await broadcast
    assert (report.delivered, report.failed) == (5, {Outcome.TIMED_OUT: 1})


async def test_message_too_large_in_one_format_reaches_nobody(chat: Chat) -> None:
    """Who receives it must not depend on who else is in the room."""
    inbox = await chat.join("plain")
    with pytest.raises(MessageTooLarge):
        await chat.broadcast(Message(sender="plain", data="x" * 131_050))
    assert inbox == []


class BrokenStore(MemoryConnectionStore):
    """Fails where a store's ports say that it may."""

    async def recipients(
        self, *, room: str, after: str = "", deadline: float = math.inf
    ) -> AsyncIterator[RecipientsPage]:
        pages = super().recipients(room=room, after=after)
        yield await anext(pages)
        raise Unavailable("the second page")

    async def forget(self, *, connection_ids: Sequence[str], deadline: float = math.inf) -> None:
        raise Unavailable("the deletion")


async def test_whoever_was_read_before_a_failed_read_still_receives_the_message() -> None:
    """The failure goes up only after that."""
    chat = Chat(store=BrokenStore(page_size=2))
    inboxes = [await chat.join(f"c{i}") for i in range(4)]
    with pytest.raises(Unavailable, match="second page"):
        await chat.broadcast(Message(sender="c0", data="hi"))
    assert inboxes == [["hi"], ["hi"], [], []]


class UnforgettingStore(MemoryConnectionStore):
    """Cannot delete."""

    async def forget(self, *, connection_ids: Sequence[str], deadline: float = math.inf) -> None:
        raise Unavailable("the deletion")


async def test_failing_to_forget_is_reported_and_fails_no_delivery() -> None:
    """The next message meets the connection again, so nothing is lost by it."""
    chat = Chat(store=UnforgettingStore(page_size=2))
    inbox = await chat.join("here")
    await chat.join("vanished")
    chat.sink.detach("vanished")
    report = await chat.broadcast(Message(sender="here", data="hi"))
    assert (report.delivered, report.gone, report.not_forgotten) == (1, 1, 1)
    assert inbox == ["hi"]


class GatedSink:
    """Delivers nothing before it is let."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.started = 0
        self.cancelled = 0

    async def deliver(self, *, payload: str, connection_ids: Sequence[str], deadline: float) -> Outcomes:
        self.started += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Outcomes(delivered=len(connection_ids))

    async def disconnect(self, *, connection_ids: Sequence[str], deadline: float) -> Sequence[str]:
        raise AssertionError


async def test_pages_are_read_while_others_are_delivered_but_not_without_bound(chat: Chat) -> None:
    """Memory stays bounded in a room of any size."""
    for i in range(100):
        await chat.join(f"c{i}")
    sink = GatedSink()
    broadcast = Broadcast(deliver=room_delivery(chat.store, sink))
    task = asyncio.create_task(broadcast(Message(sender="c0", data="hi")))
    for _ in range(200):
        await asyncio.sleep(0)
    assert sink.started == 32
    sink.gate.set()
    assert (await task).delivered == 100


async def test_cancelling_a_broadcast_leaves_nothing_running(chat: Chat) -> None:
    """The function's time may be over."""
    for i in range(100):
        await chat.join(f"c{i}")
    sink = GatedSink()
    broadcast = Broadcast(deliver=room_delivery(chat.store, sink))
    task = asyncio.create_task(broadcast(Message(sender="c0", data="hi")))
    for _ in range(200):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)
    assert sink.cancelled == sink.started == 32
