"""One message to everyone, whatever happens to some."""

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from adapters.memory import MemoryConnectionStore
from chat_core import (
    AudiencePage,
    Budget,
    Chat,
    ChatError,
    Codec,
    Codecs,
    Connection,
    Event,
    MalformedFrame,
    MessagePublished,
    MessageTooLarge,
    Outcome,
    Outcomes,
    Unavailable,
)
from chat_core.domain.replies import Reply
from chat_core.wire.codec import Ref, RefusedRequest
from chat_core.wire.plain import Plain
from tests.support.chat import JSON, WITHOUT_END, MemoryChat


async def recipients(chat: MemoryChat) -> set[str]:
    pages = [page async for page in chat.store.recipients(room="lobby")]
    return {connection_id for page in pages for ids in page.ids.values() for connection_id in ids}


async def test_everyone_receives_the_message_once_the_sender_included(chat: MemoryChat) -> None:
    """Over more pages than may be in flight at once."""
    inboxes = [await chat.join(f"c{i}") for i in range(75)]
    report = await chat.broadcast(MessagePublished(sender="c0", data="live long"), WITHOUT_END)
    assert inboxes == [["live long"]] * 75
    assert (report.delivered, report.gone, report.failures) == (75, 0, 0)


async def test_each_client_receives_its_own_format(chat: MemoryChat) -> None:
    """Both kinds can be in one room."""
    plain = await chat.join("p")
    rich = await chat.join("j", codec=JSON)
    await chat.broadcast(MessagePublished(sender="p", data="hi"), WITHOUT_END)
    assert plain == ["hi"]
    assert [json.loads(text) for text in rich] == [{"type": "message", "room": "lobby", "from": "p", "data": "hi"}]


async def test_connection_that_is_gone_is_removed_and_disturbs_nobody(chat: MemoryChat) -> None:
    """API Gateway's `$disconnect` is best effort, so a delivery is what finds out."""
    inbox = await chat.join("here")
    await chat.join("vanished")
    chat.sink.detach("vanished")
    report = await chat.broadcast(MessagePublished(sender="here", data="hi"), WITHOUT_END)
    assert (report.delivered, report.gone) == (1, 1)
    assert inbox == ["hi"]
    assert await recipients(chat) == {"here"}


async def test_connection_that_fails_is_counted_and_kept(chat: MemoryChat) -> None:
    """It may be back for the next message."""
    inbox = await chat.join("here")
    await chat.join("broken")

    async def fail(text: str) -> None:
        raise RuntimeError(text)

    chat.sink.attach("broken", fail)
    report = await chat.broadcast(MessagePublished(sender="here", data="hi"), WITHOUT_END)
    assert report.failed == {Outcome.UNAVAILABLE: 1}
    assert inbox == ["hi"]
    assert await recipients(chat) == {"here", "broken"}


async def test_connection_that_hangs_costs_the_others_nothing(chat: MemoryChat) -> None:
    """Those on later pages get theirs while it still hangs."""
    await chat.join("hanging")

    async def hang(_text: str) -> None:
        await asyncio.Event().wait()

    chat.sink.attach("hanging", hang)
    inboxes = [await chat.join(f"c{i}") for i in range(5)]
    broadcast = asyncio.create_task(
        chat.broadcast(MessagePublished(sender="c0", data="hi"), Budget(deadline=time.monotonic() + 1))
    )
    while not all(inboxes):  # noqa: ASYNC110  lists tell nobody that they have grown
        await asyncio.sleep(0)
    assert not broadcast.done()
    report = await broadcast
    assert (report.delivered, report.failed) == (5, {Outcome.TIMED_OUT: 1})


async def test_message_too_large_in_one_format_reaches_nobody(chat: MemoryChat) -> None:
    """Who receives it must not depend on who else is in the room."""
    inbox = await chat.join("plain")
    with pytest.raises(MessageTooLarge):
        await chat.broadcast(MessagePublished(sender="plain", data="x" * 131_050), WITHOUT_END)
    assert inbox == []


class BrokenStore(MemoryConnectionStore):
    """Fails where a store's ports say that it may."""

    async def recipients(
        self, *, room: str, cursor: str = "", deadline: float = math.inf
    ) -> AsyncIterator[AudiencePage]:
        pages = super().recipients(room=room, cursor=cursor)
        yield await anext(pages)
        raise Unavailable("the second page")

    async def remove(self, *, connection_ids: Sequence[str], deadline: float = math.inf) -> None:
        raise Unavailable("the deletion")


async def test_whoever_was_read_before_a_failed_read_still_receives_the_message() -> None:
    """The failure goes up only after that."""
    chat = MemoryChat(store=BrokenStore(page_size=2))
    inboxes = [await chat.join(f"c{i}") for i in range(4)]
    with pytest.raises(Unavailable, match="second page"):
        await chat.broadcast(MessagePublished(sender="c0", data="hi"), WITHOUT_END)
    assert inboxes == [["hi"], ["hi"], [], []]


class UnremovingStore(MemoryConnectionStore):
    """Cannot delete."""

    async def remove(self, *, connection_ids: Sequence[str], deadline: float = math.inf) -> None:
        raise Unavailable("the deletion")


async def test_failing_to_remove_is_reported_and_fails_no_delivery() -> None:
    """The next message meets the connection again, so nothing is lost by it."""
    chat = MemoryChat(store=UnremovingStore(page_size=2))
    inbox = await chat.join("here")
    await chat.join("vanished")
    chat.sink.detach("vanished")
    report = await chat.broadcast(MessagePublished(sender="here", data="hi"), WITHOUT_END)
    assert (report.delivered, report.gone, report.not_removed) == (1, 1, 1)
    assert inbox == ["hi"]


IN_FLIGHT = 32
"""How many pages a broadcast delivers to at a time."""


class GatedSink:
    """Delivers nothing before the gate is open; counts what is under way."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.full = asyncio.Event()
        """Set as soon as as many deliveries are under way as a broadcast allows."""
        self.under_way = 0
        self.most_under_way = 0

    async def deliver(self, *, payload: str, connection_ids: Sequence[str], deadline: float) -> Outcomes:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        if self.under_way == IN_FLIGHT:
            self.full.set()
        try:
            await self.gate.wait()
        finally:
            self.under_way -= 1
        return Outcomes(delivered=len(connection_ids))

    async def disconnect(self, *, connection_ids: Sequence[str], deadline: float) -> Sequence[str]:
        raise AssertionError


async def test_pages_are_read_while_others_are_delivered_but_not_without_bound(chat: MemoryChat) -> None:
    """Memory stays bounded in a room of any size."""
    for i in range(100):
        await chat.join(f"c{i}")
    sink = GatedSink()
    broadcast = Chat.of(store=chat.store, sink=sink, start_task=asyncio.create_task).broadcast
    task = asyncio.create_task(broadcast(MessagePublished(sender="c0", data="hi"), WITHOUT_END))
    await asyncio.wait_for(sink.full.wait(), 5)
    sink.gate.set()
    assert (await task).delivered == 100
    assert sink.most_under_way == IN_FLIGHT


async def test_cancelling_a_broadcast_leaves_nothing_running(chat: MemoryChat) -> None:
    """The function's time may be over."""
    for i in range(100):
        await chat.join(f"c{i}")
    sink = GatedSink()
    broadcast = Chat.of(store=chat.store, sink=sink, start_task=asyncio.create_task).broadcast
    task = asyncio.create_task(broadcast(MessagePublished(sender="c0", data="hi"), WITHOUT_END))
    await asyncio.wait_for(sink.full.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    deliveries = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.wait_for(asyncio.gather(*deliveries, return_exceptions=True), 5)
    assert (sink.under_way, sink.most_under_way) == (0, IN_FLIGHT)


async def test_codec_that_is_not_known_here_fails_its_recipients_alone(chat: MemoryChat) -> None:
    """While a new version is deployed, an old function reads connections that speak a codec of the new one."""
    inbox = await chat.join("old")
    newer = Connection(id="newer", codec="protobuf")
    await chat.store.join(room="lobby", connection=newer)
    report = await chat.broadcast(MessagePublished(sender="old", data="hi"), WITHOUT_END)
    assert inbox == ["hi"]
    assert (report.delivered, report.failed) == (1, {Outcome.UNKNOWN_CODEC: 1})
    assert await recipients(chat) == {"old", "newer"}


class Binary(Codec):
    """Has no form for messages."""

    name = "binary"
    subprotocol = None

    def decode(self, frame: str) -> tuple[RefusedRequest]:
        return (RefusedRequest(ref=None, fault=MalformedFrame(frame)),)

    def encode_reply(self, *, ref: Ref, reply: Reply) -> None:
        raise AssertionError

    def encode_fault(self, *, ref: Ref | None, fault: ChatError) -> str:
        return fault.code

    def encode_event(self, event: Event) -> None:
        return None

    def envelope_bytes(self, event: Event) -> int:
        return 0


async def test_event_that_a_codec_does_not_show_is_sent_to_its_recipients_in_no_form(chat: MemoryChat) -> None:
    """They are neither delivered to nor failed."""
    inbox = await chat.join("p")
    await chat.store.join(room="lobby", connection=Connection(id="b", codec="binary"))
    event = MessagePublished(sender="p", data="hi")
    broadcast = replace(chat.broadcast, codecs=Codecs([Plain(), Binary()]), hand_off=None)
    report = await broadcast(event, WITHOUT_END)
    assert inbox == ["hi"]
    assert (report.delivered, report.gone, report.failed) == (1, 0, {})
