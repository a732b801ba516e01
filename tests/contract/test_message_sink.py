"""What every `MessageSink` promises."""

import asyncio
import math
import time

import pytest

from chat_core import Outcome
from tests.support.sinks import World


def soon() -> float:
    return time.monotonic() + 1.0


async def test_each_connection_receives_the_payload_once(world: World) -> None:
    """More of them than are served at once."""
    ids = [f"c{i}" for i in range(250)]
    inboxes = [world.open(each) for each in ids]
    outcomes = await world.sink.deliver(payload="live long", connection_ids=ids, deadline=math.inf)
    assert inboxes == [["live long"]] * 250
    assert (outcomes.delivered, outcomes.gone, outcomes.failed) == (250, [], {})


@pytest.mark.parametrize("payload", ["x", "ünïcödé 🖖 \u2028", "x" * 128 * 1024, '{"a": "b"}', " \n"])
async def test_payload_arrives_unchanged(world: World, payload: str) -> None:
    """Up to the limit of API Gateway."""
    inbox = world.open("a")
    await world.sink.deliver(payload=payload, connection_ids=["a"], deadline=math.inf)
    assert inbox == [payload]


async def test_delivering_to_nobody_is_no_error(world: World) -> None:
    """A page may hold connections of one format only."""
    outcomes = await world.sink.deliver(payload="x", connection_ids=[], deadline=math.inf)
    assert (outcomes.delivered, outcomes.gone, outcomes.failed) == (0, [], {})


async def test_connection_that_has_left_is_gone(world: World) -> None:
    """It is told apart from a failure, because it can be forgotten."""
    inbox = world.open("here")
    outcomes = await world.sink.deliver(payload="x", connection_ids=["left", "here"], deadline=math.inf)
    assert (outcomes.delivered, list(outcomes.gone), outcomes.failed) == (1, ["left"], {})
    assert inbox == ["x"]


async def test_connection_that_fails_fails_alone(world: World) -> None:
    """And without an exception."""
    world.fail("broken")
    inbox = world.open("here")
    outcomes = await world.sink.deliver(payload="x", connection_ids=["broken", "here"], deadline=math.inf)
    assert (outcomes.delivered, outcomes.failed) == (1, {"broken": Outcome.UNAVAILABLE})
    assert inbox == ["x"]


async def test_connection_that_hangs_neither_delays_the_others_nor_outlasts_the_deadline(world: World) -> None:
    """Nor does it get a second chance: the payload may already be on its way."""
    world.hang("slow")
    ids = ["slow", *(f"c{i}" for i in range(20))]
    inboxes = [world.open(each) for each in ids[1:]]
    delivery = asyncio.create_task(world.sink.deliver(payload="x", connection_ids=ids, deadline=soon()))
    while not all(inboxes):  # noqa: ASYNC110  lists tell nobody that they have grown
        await asyncio.sleep(0.01)
    assert not delivery.done()
    outcomes = await delivery
    assert (outcomes.delivered, outcomes.failed) == (20, {"slow": Outcome.TIMED_OUT})


async def test_nothing_is_delivered_after_the_deadline(world: World) -> None:
    """The function that asked may be about to be frozen."""
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
