"""Members whom a delivery had no time for: they are certainly without the message, and are not forgotten."""

from collections import Counter
from collections.abc import Callable, Sequence

from chat_core import Budget, MessagePublished, Outcome, Outcomes
from tests.support.chat import MemoryChat

HELLO = MessagePublished(data="hi")


def leave_out(chat: MemoryChat, is_left_out: Callable[[str, str, int], bool]) -> None:
    """Let the sink not try some posts: those of which this is true, by connection, payload and attempt from 1."""
    deliver, attempts = chat.sink.deliver, Counter[tuple[str, str]]()

    async def some(*, payload: str, connection_ids: Sequence[str], deadline: float) -> Outcomes:
        attempts.update((each, payload) for each in connection_ids)
        left_out = [each for each in connection_ids if is_left_out(each, payload, attempts[each, payload])]
        tried = [each for each in connection_ids if each not in left_out]
        outcomes = await deliver(payload=payload, connection_ids=tried, deadline=deadline)
        failed = {**outcomes.failed, **dict.fromkeys(left_out, Outcome.NOT_TRIED)}
        return Outcomes(delivered=outcomes.delivered, gone=outcomes.gone, failed=failed)

    chat.sink.deliver = some  # type: ignore[method-assign]


async def test_whom_a_lease_was_too_short_for_is_delivered_to_when_it_is_renewed(chat: MemoryChat) -> None:
    """Once, and nobody else twice."""
    inboxes = [await chat.join(f"c{i:02}") for i in range(10)]
    leave_out(chat, lambda connection_id, _payload, attempt: attempt <= int(connection_id[1:]) // 3)
    report = await chat.announce(HELLO)
    assert inboxes == [["hi"]] * 10
    assert (report.delivered, report.failures) == (10, 0)


async def test_member_goes_on_with_the_frame_that_it_lacks(chat: MemoryChat) -> None:
    """A plain client has a frame for each message, and would show a repeated one twice."""
    inboxes = [await chat.join(each) for each in "abc"]
    leave_out(chat, lambda connection_id, payload, attempt: (connection_id, payload, attempt) == ("b", "two", 1))
    late = Budget(deadline=chat.clock.monotonic(), yield_at=chat.clock.monotonic())
    await chat.announce(MessagePublished(data="one"), late)
    await chat.announce(MessagePublished(data="two"), late)
    await chat.wake()
    assert inboxes == [["one", "two"]] * 3


async def test_whom_a_process_has_no_time_for_a_worker_delivers_to(chat: MemoryChat) -> None:
    """It begins with the chunk that was not finished."""
    inboxes = [await chat.join(f"c{i:02}") for i in range(10)]
    late = Budget(deadline=chat.clock.monotonic(), yield_at=chat.clock.monotonic())
    report = await chat.announce(HELLO, late)
    assert (report.continues, report.delivered, report.failures) == (True, 0, 0)
    await chat.wake()
    assert inboxes == [["hi"]] * 10


async def test_whom_nothing_reaches_during_a_whole_lease_has_failed(chat: MemoryChat) -> None:
    """It must not keep the room from all later messages."""
    other, never = await chat.join("a"), await chat.join("b")
    leave_out(chat, lambda connection_id, _payload, _attempt: connection_id == "b")
    report = await chat.announce(HELLO)
    assert (other, never) == (["hi"], [])
    assert (report.delivered, report.failed) == (1, {Outcome.NOT_TRIED: 1})
    assert not report.continues


async def test_without_workers_whoever_there_is_no_time_for_has_failed() -> None:
    """Nobody else would come."""
    chat = MemoryChat(wake_ups=None)
    inbox = await chat.join("a")
    report = await chat.announce(HELLO, Budget(deadline=chat.clock.monotonic()))
    assert inbox == []
    assert (report.continues, report.failed) == (False, {Outcome.NOT_TRIED: 1})
