"""A room too large for one invocation: nobody is lost, and few hear a message twice, whoever dies on the way."""

import asyncio
import math
import time
from collections import Counter
from typing import Any

import pytest

from adapters.memory import MemoryCheckpointStore, MemoryJobQueue
from chat_core import (
    Budget,
    Chat,
    DeliveryJob,
    JobQueue,
    Lease,
    MessagePublished,
    MissingPort,
    Outcome,
    Report,
    RestOfRoom,
    Unavailable,
)
from tests.support.chat import WITHOUT_END, MemoryChat

MEMBERS = 30
HI = MessagePublished(sender="c00", data="hi")


async def fill(chat: MemoryChat) -> dict[str, list[str]]:
    return {f"c{i:02d}": await chat.join(f"c{i:02d}") for i in range(MEMBERS)}


def heard(inboxes: dict[str, list[str]]) -> Counter[int]:
    """Return how many clients have received the message how often."""
    return Counter(map(len, inboxes.values()))


async def begin(chat: MemoryChat) -> DeliveryJob:
    """Send a message without time for more than the first page."""
    report = await chat.broadcast(HI, Budget(yield_at=time.monotonic() - 1))
    assert report.continues
    return chat.queue.waiting.popleft()


async def test_what_there_is_no_time_for_is_handed_on_and_done(chat: MemoryChat) -> None:
    """The sender does not wait for it; everyone receives the message once."""
    inboxes = await fill(chat)
    job = await begin(chat)
    assert heard(inboxes) == {1: 2, 0: MEMBERS - 2}
    report = await chat.continue_job(job, WITHOUT_END)
    assert heard(inboxes) == {1: MEMBERS}
    assert (report.delivered, report.continues) == (MEMBERS - 2, False)
    assert not chat.queue.waiting


async def test_room_that_is_done_in_time_is_not_handed_on(chat: MemoryChat) -> None:
    """Most are."""
    inboxes = await fill(chat)
    report = await chat.broadcast(HI, Budget(yield_at=time.monotonic() + 60))
    assert heard(inboxes) == {1: MEMBERS}
    assert not report.continues
    assert not chat.queue.waiting


async def test_worker_without_time_hands_on_again(chat: MemoryChat) -> None:
    """As often as it takes."""
    inboxes = await fill(chat)
    chat.queue.waiting.append(await begin(chat))
    reports = []
    while chat.queue.waiting:
        reports.append(await chat.continue_job(chat.queue.waiting.popleft(), Budget(yield_at=time.monotonic() - 1)))
    assert heard(inboxes) == {1: MEMBERS}
    assert [report.continues for report in reports] == [True] * 7 + [False]


@pytest.mark.parametrize("chunks", range(7))
async def test_worker_that_dies_loses_nobody_and_repeats_at_most_its_chunk(chat: MemoryChat, chunks: int) -> None:
    """At any point; the queue hands its fan-out to another."""
    inboxes = await fill(chat)
    job = await begin(chat)
    extended = 0

    class Dying(Lease):
        async def extend(self, *, deadline: float = math.inf) -> None:
            nonlocal extended
            if extended > chunks:
                # After half of a chunk.
                chat.sink.attach(f"c{4 * chunks + 8:02d}", kill)
            extended += 1

    async def kill(_text: str) -> None:
        worker.cancel()
        await asyncio.sleep(0)

    worker = asyncio.ensure_future(chat.continue_job(job, WITHOUT_END, lease=Dying()))
    await asyncio.wait([worker])
    for name, inbox in inboxes.items():
        reattach(chat, name, inbox)
    await chat.continue_job(job, WITHOUT_END)
    times = heard(inboxes)
    assert times[0] == 0
    assert times[2] <= 4
    assert times[1] + times[2] == MEMBERS


def reattach(chat: MemoryChat, name: str, inbox: list[str]) -> None:
    async def send(text: str) -> None:
        inbox.append(text)

    chat.sink.attach(name, send)


async def test_two_workers_on_one_fan_out_repeat_at_most_a_chunk(chat: MemoryChat) -> None:
    """A queue that delivers at least once may hand it out twice."""
    inboxes = await fill(chat)
    job = await begin(chat)
    await asyncio.gather(*(chat.continue_job(job, WITHOUT_END) for _ in range(2)))
    times = heard(inboxes)
    assert times[0] == 0
    assert times[2] <= 4


async def test_fan_out_that_is_done_is_not_done_again(chat: MemoryChat) -> None:
    """However late the queue hands it out once more."""
    inboxes = await fill(chat)
    job = await begin(chat)
    await chat.continue_job(job, WITHOUT_END)
    assert await chat.continue_job(job, WITHOUT_END) == Report()
    assert heard(inboxes) == {1: MEMBERS}


class BrokenQueue(JobQueue):
    async def put(self, *, job: DeliveryJob, deadline: float = math.inf) -> None:
        raise Unavailable(job.id)


async def test_sender_goes_on_by_itself_where_the_queue_fails() -> None:
    """With what time is left: better late than lost."""
    chat = MemoryChat(broken_queue=BrokenQueue())
    inboxes = await fill(chat)
    report = await chat.broadcast(HI, Budget(yield_at=time.monotonic() - 1))
    assert heard(inboxes) == {1: MEMBERS}
    assert not report.continues


async def test_worker_extends_its_lease_at_the_start_and_after_each_chunk(chat: MemoryChat) -> None:
    """So that no other worker takes its job."""
    await fill(chat)
    signs: list[float] = []

    class Signing(Lease):
        async def extend(self, *, deadline: float = math.inf) -> None:
            signs.append(time.monotonic())

    await chat.continue_job(await begin(chat), WITHOUT_END, lease=Signing())
    # At the start, after seven chunks, and after the eighth that finds the end.
    assert len(signs) == 9


async def test_whoever_was_read_but_not_reached_in_time_is_handed_on_by_name(chat: MemoryChat) -> None:
    """Reading is far ahead of delivering where the service throttles."""
    inboxes = await fill(chat)
    report = await chat.broadcast(HI, Budget(deadline=time.monotonic() - 1))
    assert heard(inboxes) == {0: MEMBERS}
    assert (report.failed, report.continues) == ({}, True)
    while chat.queue.waiting:
        await chat.continue_job(chat.queue.waiting.popleft(), WITHOUT_END)
    assert heard(inboxes) == {1: MEMBERS}


async def test_worker_too_late_hands_on_whoever_it_has_not_reached(chat: MemoryChat) -> None:
    """Its time is bounded as well."""
    inboxes = await fill(chat)
    await chat.broadcast(HI, Budget(deadline=time.monotonic() - 1))
    await chat.continue_job(chat.queue.waiting.popleft(), Budget(deadline=time.monotonic() - 1))
    await chat.continue_job(chat.queue.waiting.popleft(), WITHOUT_END)
    assert heard(inboxes) == {1: MEMBERS}


async def test_whoever_cannot_be_handed_on_is_reported_as_failed() -> None:
    """Nothing is lost silently."""
    chat = MemoryChat(broken_queue=BrokenQueue())
    await fill(chat)
    report = await chat.broadcast(HI, Budget(deadline=time.monotonic() - 1))
    assert (report.failed, report.continues) == ({Outcome.NOT_TRIED: MEMBERS}, False)


async def test_worker_whose_lease_cannot_be_extended_goes_on_and_reports_it(chat: MemoryChat) -> None:
    """Another worker may have the job as well; then one of the two stops after its chunk."""

    class Broken(Lease):
        async def extend(self, *, deadline: float = math.inf) -> None:
            raise Unavailable("no lease")

    inboxes = await fill(chat)
    report = await chat.continue_job(await begin(chat), WITHOUT_END, lease=Broken())
    assert heard(inboxes) == {1: MEMBERS}
    assert report.not_extended == report.summary()["notExtended"] == 9


async def test_worker_that_cannot_hand_off_the_rest_has_its_job_tried_again() -> None:
    """Its checkpoint says where; nothing is lost, and nothing done twice."""
    chat = MemoryChat(broken_queue=BrokenQueue())
    inboxes = await fill(chat)
    job = DeliveryJob(id="j", event=HI, target=RestOfRoom(cursor=""))
    with pytest.raises(Unavailable):
        await chat.continue_job(job, Budget(yield_at=time.monotonic() - 1))
    assert heard(inboxes) == {1: 4, 0: MEMBERS - 4}
    await chat.continue_job(job, WITHOUT_END)
    assert heard(inboxes) == {1: MEMBERS}


@pytest.mark.parametrize("given", [{}, {"queue": MemoryJobQueue()}, {"checkpoints": MemoryCheckpointStore()}])
async def test_chat_without_a_queue_or_checkpoints_has_no_worker(given: dict[str, Any], chat: MemoryChat) -> None:
    """And says so when it is asked for one."""
    lonely = Chat.of(store=chat.store, sink=chat.sink, start_task=asyncio.create_task, **given)
    with pytest.raises(MissingPort):
        _ = lonely.continue_job
