"""A room too large for one invocation: nobody is lost, and few hear a message twice, whoever dies on the way."""

import asyncio
import math
import time
from collections import Counter

import pytest

from chat_core import Broadcast, BroadcastReport, FanOut, HandOn, Message, Outcome, Unavailable
from chat_core.ports import FanOutQueue
from tests.support.chat import Chat

MEMBERS = 30


async def fill(chat: Chat) -> dict[str, list[str]]:
    return {f"c{i:02d}": await chat.join(f"c{i:02d}") for i in range(MEMBERS)}


def heard(inboxes: dict[str, list[str]]) -> Counter[int]:
    """Return how many clients have received the message how often."""
    return Counter(map(len, inboxes.values()))


async def begin(chat: Chat) -> FanOut:
    """Send a message without time for more than the first page."""
    report = await chat.broadcast(Message(sender="c00", data="hi", hand_on_at=time.monotonic() - 1))
    assert report.continues
    return chat.queue.waiting.popleft()


async def test_what_there_is_no_time_for_is_handed_on_and_done(chat: Chat) -> None:
    """The sender does not wait for it; everyone receives the message once."""
    inboxes = await fill(chat)
    fan_out = await begin(chat)
    assert heard(inboxes) == {1: 2, 0: MEMBERS - 2}
    report = await chat.continue_fan_out(fan_out)
    assert heard(inboxes) == {1: MEMBERS}
    assert (report.delivered, report.continues) == (MEMBERS - 2, False)
    assert not chat.queue.waiting


async def test_room_that_is_done_in_time_is_not_handed_on(chat: Chat) -> None:
    """Most are."""
    inboxes = await fill(chat)
    report = await chat.broadcast(Message(sender="c00", data="hi", hand_on_at=time.monotonic() + 60))
    assert heard(inboxes) == {1: MEMBERS}
    assert not report.continues
    assert not chat.queue.waiting


async def test_worker_without_time_hands_on_again(chat: Chat) -> None:
    """As often as it takes."""
    inboxes = await fill(chat)
    chat.queue.waiting.append(await begin(chat))
    reports = []
    while chat.queue.waiting:
        reports.append(await chat.continue_fan_out(chat.queue.waiting.popleft(), hand_on_at=time.monotonic() - 1))
    assert heard(inboxes) == {1: MEMBERS}
    assert [report.continues for report in reports] == [True] * 7 + [False]


@pytest.mark.parametrize("chunks", range(7))
async def test_worker_that_dies_loses_nobody_and_repeats_at_most_its_chunk(chat: Chat, chunks: int) -> None:
    """At any point; the queue hands its fan-out to another."""
    inboxes = await fill(chat)
    fan_out = await begin(chat)
    done = 0

    async def die() -> None:
        nonlocal done
        done += 1
        if done > chunks:
            # After half of a chunk.
            chat.sink.attach(f"c{4 * chunks + 8:02d}", kill)

    async def kill(_text: str) -> None:
        worker.cancel()
        await asyncio.sleep(0)

    worker = asyncio.ensure_future(chat.continue_fan_out(fan_out, after_chunk=die))
    await asyncio.wait([worker])
    for name, inbox in inboxes.items():
        reattach(chat, name, inbox)
    await chat.continue_fan_out(fan_out)
    times = heard(inboxes)
    assert times[0] == 0
    assert times[2] <= 4
    assert times[1] + times[2] == MEMBERS


def reattach(chat: Chat, name: str, inbox: list[str]) -> None:
    async def send(text: str) -> None:
        inbox.append(text)

    chat.sink.attach(name, send)


async def test_two_workers_on_one_fan_out_repeat_at_most_a_chunk(chat: Chat) -> None:
    """A queue that delivers at least once may hand it out twice."""
    inboxes = await fill(chat)
    fan_out = await begin(chat)
    await asyncio.gather(*(chat.continue_fan_out(fan_out) for _ in range(2)))
    times = heard(inboxes)
    assert times[0] == 0
    assert times[2] <= 4


async def test_fan_out_that_is_done_is_not_done_again(chat: Chat) -> None:
    """However late the queue hands it out once more."""
    inboxes = await fill(chat)
    fan_out = await begin(chat)
    await chat.continue_fan_out(fan_out)
    assert await chat.continue_fan_out(fan_out) == BroadcastReport()
    assert heard(inboxes) == {1: MEMBERS}


class BrokenQueue(FanOutQueue):
    async def hand_on(self, fan_out: FanOut, *, deadline: float = math.inf) -> None:
        raise Unavailable(fan_out.id)


async def test_sender_goes_on_by_itself_where_the_queue_fails(chat: Chat) -> None:
    """With what time is left: better late than lost."""
    inboxes = await fill(chat)
    broadcast = Broadcast(deliver=chat.broadcast.deliver, hand_on=HandOn(queue=BrokenQueue()))
    report = await broadcast(Message(sender="c00", data="hi", hand_on_at=time.monotonic() - 1))
    assert heard(inboxes) == {1: MEMBERS}
    assert not report.continues


async def test_worker_gives_a_sign_of_life_after_each_chunk(chat: Chat) -> None:
    """So that nobody else takes its fan-out up."""
    await fill(chat)
    signs: list[float] = []

    async def sign() -> None:
        signs.append(time.monotonic())

    await chat.continue_fan_out(await begin(chat), after_chunk=sign)
    # Seven chunks, and the eighth that finds the end.
    assert len(signs) == 8


async def test_whoever_was_read_but_not_reached_in_time_is_handed_on_by_name(chat: Chat) -> None:
    """Reading is far ahead of delivering where the service throttles."""
    inboxes = await fill(chat)
    report = await chat.broadcast(Message(sender="c00", data="hi", deadline=time.monotonic() - 1))
    assert heard(inboxes) == {0: MEMBERS}
    assert (report.failed, report.continues) == ({}, True)
    while chat.queue.waiting:
        await chat.continue_fan_out(chat.queue.waiting.popleft())
    assert heard(inboxes) == {1: MEMBERS}


async def test_worker_too_late_hands_on_whoever_it_has_not_reached(chat: Chat) -> None:
    """Its time is bounded as well."""
    inboxes = await fill(chat)
    await chat.broadcast(Message(sender="c00", data="hi", deadline=time.monotonic() - 1))
    await chat.continue_fan_out(chat.queue.waiting.popleft(), deadline=time.monotonic() - 1)
    await chat.continue_fan_out(chat.queue.waiting.popleft())
    assert heard(inboxes) == {1: MEMBERS}


async def test_whoever_cannot_be_handed_on_is_reported_as_failed(chat: Chat) -> None:
    """Nothing is lost silently."""
    await fill(chat)
    broadcast = Broadcast(deliver=chat.broadcast.deliver, hand_on=HandOn(queue=BrokenQueue()))
    report = await broadcast(Message(sender="c00", data="hi", deadline=time.monotonic() - 1))
    assert (report.failed, report.continues) == ({Outcome.NOT_TRIED: MEMBERS}, False)
