"""A client that does not read: it is sent away, and costs nobody anything."""

import asyncio
import json
import time
from collections.abc import Sequence

from chat_core import Budget, DeliveryJob, MessagePublished, Outcome, Outcomes, Recipients
from chat_core.fanout.hand_off import MAX_HAND_OFFS
from tests.support.chat import JSON, PLAIN, WITHOUT_END, MemoryChat


async def join_deaf(chat: MemoryChat, connection_id: str, closed: list[str]) -> None:
    async def refuse(_text: str) -> None:
        raise asyncio.QueueFull

    await chat.join(connection_id)
    chat.sink.attach(connection_id, refuse, close=lambda: closed.append(connection_id))


async def test_slow_member_is_disconnected_and_forgotten(chat: MemoryChat) -> None:
    """It has missed a message; it comes back by itself, and the next message does not meet it."""
    closed: list[str] = []
    inbox = await chat.join("a")
    await join_deaf(chat, "deaf", closed)
    report = await chat.broadcast(MessagePublished(sender="a", data="hi"), WITHOUT_END)
    assert (report.delivered, report.failed, report.closed) == (1, {Outcome.SLOW: 1}, 1)
    assert closed == ["deaf"]
    report = await chat.broadcast(MessagePublished(sender="a", data="again"), WITHOUT_END)
    assert (report.delivered, report.failed, report.closed) == (1, {}, 0)
    assert inbox == ["hi", "again"]
    assert not chat.queue.waiting


async def test_sender_is_told_how_many_were_sent_away(chat: MemoryChat) -> None:
    """They are among those that could not be reached."""
    sender = await chat.join("a", codec=JSON)
    await join_deaf(chat, "deaf", [])
    frame = '{"action":"sendmessage","data":"hi","ref":1}'
    await chat.receive("a", frame)
    assert json.loads(sender[-1]) == {
        "type": "sent", "ref": 1, "from": "a", "delivered": 1, "gone": 0, "failed": 1, "closed": 1,
    }  # fmt: skip


async def test_sender_that_does_not_read_its_replies_is_sent_away(chat: MemoryChat) -> None:
    """Each of its requests would go on costing posts that nobody takes."""
    closed: list[str] = []
    await join_deaf(chat, "deaf", closed)
    await chat.receive("deaf", "rubbish")
    assert closed == ["deaf"]


class Throttled:
    """A sink whose posts to one member are too many, whenever they are made."""

    def __init__(self, chat: MemoryChat, member: str) -> None:
        self._deliver = chat.sink.deliver
        self._member = member
        chat.sink.deliver = self.deliver  # type: ignore[method-assign]

    async def deliver(self, *, payload: str, connection_ids: Sequence[str], deadline: float) -> Outcomes:
        others = [each for each in connection_ids if each != self._member]
        outcomes = await self._deliver(payload=payload, connection_ids=others, deadline=deadline)
        refused = {each: Outcome.THROTTLED for each in connection_ids if each == self._member}
        return Outcomes(delivered=outcomes.delivered, gone=outcomes.gone, failed={**outcomes.failed, **refused})


async def test_throttled_member_is_handed_on_once(chat: MemoryChat) -> None:
    """The worker that finds it throttled as well reports it; handed on for ever, it would keep a worker for ever."""
    await chat.join("a")
    await chat.join("b")
    Throttled(chat, "b")
    report = await chat.broadcast(MessagePublished(sender="a", data="hi"), WITHOUT_END)
    assert (report.delivered, report.failed, report.continues) == (1, {}, True)
    (job,) = chat.queue.waiting
    assert (job.target, job.hand_offs) == (Recipients(ids={PLAIN: ["b"]}), 1)
    chat.queue.waiting.clear()
    report = await chat.continue_job(job, WITHOUT_END)
    assert (report.delivered, report.failed, report.continues) == (0, {Outcome.THROTTLED: 1}, False)
    assert not chat.queue.waiting


async def test_members_without_a_turn_are_handed_on_a_bounded_number_of_times(chat: MemoryChat) -> None:
    """Whoever looks at the reports sees them at last."""
    await chat.join("a")
    event = MessagePublished(sender="a", data="hi")
    job = DeliveryJob(id="j", event=event, target=Recipients(ids={PLAIN: ["a"]}))
    chat.queue.waiting.append(job)
    hops = 0
    while chat.queue.waiting:
        report = await chat.continue_job(chat.queue.waiting.popleft(), Budget(deadline=time.monotonic() - 1))
        hops += 1
    assert hops == MAX_HAND_OFFS + 1
    assert report.failed == {Outcome.NOT_TRIED: 1}
