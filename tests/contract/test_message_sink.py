"""The promises of every `MessageSink`."""

import asyncio
import math
import time

import pytest

from chat_core import Outcome
from tests.support.sinks import MemoryWorld, World


def soon() -> float:
    return time.monotonic() + 1.0


async def test_each_connection_receives_the_payload_once(world: World) -> None:
    """There are more recipients than are served at once."""
    ids = [f"c{i}" for i in range(250)]
    inboxes = [world.open(each) for each in ids]
    outcomes = await world.sink.deliver(payload="live long", connection_ids=ids, deadline=math.inf)
    assert inboxes == [["live long"]] * 250
    assert (outcomes.delivered, outcomes.gone, outcomes.failed) == (250, [], {})


@pytest.mark.parametrize("payload", ["x", "ünïcödé 🖖 \u2028", "x" * 128 * 1024, '{"a": "b"}', " \n"])
async def test_payload_arrives_unchanged(world: World, payload: str) -> None:
    """It may be as large as API Gateway's limit."""
    inbox = world.open("a")
    await world.sink.deliver(payload=payload, connection_ids=["a"], deadline=math.inf)
    assert inbox == [payload]


async def test_delivering_to_no_recipients_is_no_error(world: World) -> None:
    """A page may have no connections with a given codec."""
    outcomes = await world.sink.deliver(payload="x", connection_ids=[], deadline=math.inf)
    assert (outcomes.delivered, outcomes.gone, outcomes.failed) == (0, [], {})


async def test_connection_that_has_left_is_gone(world: World) -> None:
    """It is not a failure: the connection can be removed."""
    inbox = world.open("here")
    outcomes = await world.sink.deliver(payload="x", connection_ids=["left", "here"], deadline=math.inf)
    assert (outcomes.delivered, list(outcomes.gone), outcomes.failed) == (1, ["left"], {})
    assert inbox == ["x"]


async def test_connection_that_fails_fails_alone(world: World) -> None:
    """No exception is raised."""
    world.fail("broken")
    inbox = world.open("here")
    outcomes = await world.sink.deliver(payload="x", connection_ids=["broken", "here"], deadline=math.inf)
    assert (outcomes.delivered, outcomes.failed) == (1, {"broken": Outcome.UNAVAILABLE})
    assert inbox == ["x"]


async def test_connection_that_hangs_neither_delays_the_others_nor_outlasts_the_deadline(world: World) -> None:
    """It is not repeated: the payload may already be on its way."""
    world.hang("slow")
    ids = ["slow", *(f"c{i}" for i in range(20))]
    inboxes = [world.open(each) for each in ids[1:]]
    delivery = asyncio.create_task(world.sink.deliver(payload="x", connection_ids=ids, deadline=soon()))
    while not all(inboxes):  # noqa: ASYNC110  lists have no events
        await asyncio.sleep(0.01)
    assert not delivery.done()
    outcomes = await delivery
    assert (outcomes.delivered, outcomes.failed) == (20, {"slow": Outcome.TIMED_OUT})


async def test_nothing_is_delivered_after_the_deadline(world: World) -> None:
    """The function may be about to be frozen."""
    inbox = world.open("a")
    outcomes = await world.sink.deliver(payload="x", connection_ids=["a"], deadline=time.monotonic() - 1)
    assert outcomes.failed == {"a": Outcome.NOT_TRIED}
    assert inbox == []


async def test_deliveries_may_run_side_by_side(world: World) -> None:
    """A broadcast delivers several pages at once."""
    inboxes = {f"c{i}": world.open(f"c{i}") for i in range(40)}
    pages = [list(inboxes)[i : i + 10] for i in range(0, 40, 10)]
    deliveries = [world.sink.deliver(payload="x", connection_ids=page, deadline=math.inf) for page in pages]
    outcomes = await asyncio.gather(*deliveries)
    assert [each.delivered for each in outcomes] == [10] * 4
    assert list(inboxes.values()) == [["x"]] * 40


async def test_connection_whose_client_does_not_read_is_slow_and_delays_no_other(world: World) -> None:
    """It is recognised within seconds, however late the deadline is."""
    world.deafen("deaf")
    ids = ["deaf", *(f"c{i}" for i in range(20))]
    inboxes = [world.open(each) for each in ids[1:]]
    for _ in range(2):
        outcomes = await world.sink.deliver(payload="x", connection_ids=ids, deadline=math.inf)
        assert (outcomes.delivered, outcomes.failed) == (20, {"deaf": Outcome.SLOW})
    assert inboxes == [["x", "x"]] * 20


async def test_connection_that_is_disconnected_is_gone(world: World) -> None:
    """Its client reconnects as another connection."""
    world.deafen("deaf")
    inbox = world.open("here")
    ended = await world.sink.disconnect(connection_ids=["deaf", "left"], deadline=math.inf)
    assert sorted(ended) == ["deaf", "left"]
    assert world.disconnected == ["deaf"]
    outcomes = await world.sink.deliver(payload="x", connection_ids=["deaf", "here"], deadline=math.inf)
    assert (outcomes.delivered, list(outcomes.gone)) == (1, ["deaf"])
    assert inbox == ["x"]


async def test_disconnecting_after_the_deadline_ends_nothing(world: World) -> None:
    """A connection that is not known to have ended is tried again."""
    if isinstance(world, MemoryWorld):
        return
    world.deafen("deaf")
    assert await world.sink.disconnect(connection_ids=["deaf"], deadline=time.monotonic() - 1) in ((), [])
    assert world.disconnected == []
