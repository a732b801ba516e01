"""How the API Gateway sinks react to API Gateway's answers."""

import asyncio
import math
import time
from collections.abc import AsyncIterator

import pytest

from chat_core import MessageSink, Outcome
from local_aws.http_server import Request, Response
from tests.support.connections_endpoint import ConnectionsEndpoint, connections_endpoint
from tests.support.rogue_endpoint import Post, rogue_endpoint
from tests.support.sinks import MakeSink, engine_sink, sdk_sink


@pytest.fixture
async def endpoint() -> AsyncIterator[ConnectionsEndpoint]:
    """Return a management API whose answers the test sets."""
    async with connections_endpoint() as endpoint:
        yield endpoint


@pytest.fixture(params=[sdk_sink, engine_sink])
def make_sink(request: pytest.FixtureRequest) -> MakeSink:
    """Return a factory for each kind of sink."""
    make: MakeSink = request.param
    return make


@pytest.fixture
async def sink(endpoint: ConnectionsEndpoint, make_sink: MakeSink) -> AsyncIterator[MessageSink]:
    """Return a sink of each kind that posts to the endpoint."""
    async with make_sink(endpoint.url, post_timeout=1.0) as sink:
        yield sink


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_throttling_and_faults_that_pass_are_tried_again(
    sink: MessageSink, endpoint: ConnectionsEndpoint, status: int
) -> None:
    """A temporary fault of the service must not lose the message."""
    endpoint.inboxes["a"] = []
    endpoint.fails("a", status, status)
    outcomes = await sink.deliver(payload="x", connection_ids=["a"], deadline=math.inf)
    assert outcomes.delivered == 1
    assert endpoint.requests["a"] == 3


@pytest.mark.parametrize("deaf", [1, 3])
async def test_connection_that_is_throttled_alone_is_slow_after_four_attempts(
    endpoint: ConnectionsEndpoint, make_sink: MakeSink, deaf: int
) -> None:
    """With the next message one attempt is enough: the connection has accepted none meanwhile."""
    healthy = [f"c{i}" for i in range(50)]
    endpoint.inboxes = {each: [] for each in healthy}
    slow = [f"deaf{i}" for i in range(deaf)]
    for each in slow:
        endpoint.fails(each, 429, forever=True)
    async with make_sink(endpoint.url, jitter=lambda _least, _most: 0.01) as sink:
        outcomes = await sink.deliver(payload="x", connection_ids=slow + healthy, deadline=math.inf)
        assert outcomes.failed == dict.fromkeys(slow, Outcome.SLOW)
        assert {endpoint.requests[each] for each in slow} == {4}
        outcomes = await sink.deliver(payload="x", connection_ids=slow + healthy, deadline=math.inf)
    assert outcomes.failed == dict.fromkeys(slow, Outcome.SLOW)
    assert {endpoint.requests[each] for each in slow} == {5}
    assert {len(inbox) for inbox in endpoint.inboxes.values()} == {2}


async def test_connection_that_reads_again_is_no_longer_suspected(
    endpoint: ConnectionsEndpoint, make_sink: MakeSink
) -> None:
    """Three refusals before a success and three after it are not six."""
    endpoint.inboxes["a"] = []
    async with make_sink(endpoint.url, jitter=lambda _least, _most: 0.0) as sink:
        for _ in range(3):
            endpoint.fails("a", *[429] * 3)
            outcomes = await sink.deliver(payload="x", connection_ids=["a"], deadline=math.inf)
            assert outcomes.delivered == 1


async def test_account_that_is_throttled_makes_no_connection_slow(
    endpoint: ConnectionsEndpoint, make_sink: MakeSink
) -> None:
    """Otherwise every client would be disconnected at once."""
    ids = [f"c{i}" for i in range(100)]
    for each in ids:
        endpoint.inboxes[each] = []
        endpoint.fails(each, *[429] * 6)
    async with make_sink(endpoint.url, jitter=lambda _least, _most: 0.01) as sink:
        outcomes = await sink.deliver(payload="x", connection_ids=ids, deadline=time.monotonic() + 60)
    assert outcomes.delivered == 100


async def test_account_that_stays_throttled_is_given_up_after_twelve_attempts(
    endpoint: ConnectionsEndpoint, make_sink: MakeSink
) -> None:
    """The caller cannot wait for ever, and the connections are not to blame."""
    ids = [f"c{i}" for i in range(100)]
    for each in ids:
        endpoint.fails(each, 429, forever=True)
    async with make_sink(endpoint.url, jitter=lambda _least, _most: 0.01) as sink:
        outcomes = await sink.deliver(payload="x", connection_ids=ids, deadline=time.monotonic() + 60)
    assert outcomes.failed == dict.fromkeys(ids, Outcome.THROTTLED)
    assert set(endpoint.requests.values()) == {12}


async def test_fault_that_stays_is_given_up(sink: MessageSink, endpoint: ConnectionsEndpoint) -> None:
    """The SDK's own retries must not multiply with the sink's."""
    endpoint.fails("a", 500, forever=True)
    outcomes = await sink.deliver(payload="x", connection_ids=["a"], deadline=math.inf)
    assert outcomes.failed == {"a": Outcome.UNAVAILABLE}
    assert endpoint.requests["a"] == 4


@pytest.mark.parametrize("status", [400, 403, 413])
async def test_refusal_is_final(sink: MessageSink, endpoint: ConnectionsEndpoint, status: int) -> None:
    """A repetition would be refused as well."""
    endpoint.fails("a", status, forever=True)
    outcomes = await sink.deliver(payload="x", connection_ids=["a"], deadline=math.inf)
    assert outcomes.failed == {"a": Outcome.REFUSED}
    assert endpoint.requests["a"] == 1


async def test_post_that_hangs_is_given_up_after_its_own_timeout_and_not_repeated(
    sink: MessageSink, endpoint: ConnectionsEndpoint
) -> None:
    """A post that hangs must not use up the invocation's time, and may still be delivered."""
    endpoint.hangs("a")
    outcomes = await sink.deliver(payload="x", connection_ids=["a"], deadline=math.inf)
    assert outcomes.failed == {"a": Outcome.TIMED_OUT}
    assert endpoint.requests["a"] == 1


async def test_connection_that_breaks_before_the_answer_is_tried_again(
    sink: MessageSink, endpoint: ConnectionsEndpoint
) -> None:
    """A connection that the service closed while the function was frozen must not lose the message."""
    endpoint.inboxes["a"] = []
    broken: list[Request] = []

    async def break_once(request: Request) -> Response:
        if not broken:
            broken.append(request)
            raise ConnectionAbortedError
        return await endpoint.deliver(request)

    endpoint.behaviours["a"] = break_once
    outcomes = await sink.deliver(payload="x", connection_ids=["a"], deadline=math.inf)
    assert outcomes.delivered == 1


@pytest.mark.parametrize("before", [[], [b"429 Too Many Requests"], [b"503 Busy", b"429 Too Many Requests"]], ids=len)
async def test_post_whose_answer_is_lost_is_made_once_more(make_sink: MakeSink, before: list[bytes]) -> None:
    """It may have been delivered: two times are better than none, and than four. Refusals do not count."""
    answers, lost = list(before), 0

    async def lose(_post: Post, writer: asyncio.StreamWriter) -> None:
        nonlocal lost
        if answers:
            writer.write(b"HTTP/1.1 %b\r\nContent-Length: 0\r\n\r\n" % answers.pop())
        else:
            lost += 1
            writer.close()

    async with rogue_endpoint() as endpoint, make_sink(endpoint.url, post_timeout=1.0) as sink:
        endpoint.reply = lose
        outcomes = await sink.deliver(payload="x", connection_ids=["a"], deadline=math.inf)
    assert outcomes.failed == {"a": Outcome.UNAVAILABLE}
    assert (lost, outcomes.retried) == (2, len(before) + 1)


async def test_endpoint_that_does_not_listen_is_unavailable(endpoint: ConnectionsEndpoint, make_sink: MakeSink) -> None:
    """Every recipient still has an outcome."""
    endpoint.url = "http://127.0.0.1:9/dev"
    async with make_sink(endpoint.url) as sink:
        outcomes = await sink.deliver(payload="x", connection_ids=["a", "b"], deadline=time.monotonic() + 5)
    assert set(outcomes.failed) == {"a", "b"}


async def test_posts_at_once_are_bounded_over_all_deliveries(
    endpoint: ConnectionsEndpoint, make_sink: MakeSink
) -> None:
    """Another page under way must not open more sockets."""
    ids = [f"c{i}" for i in range(60)]
    endpoint.inboxes = {each: [] for each in ids}
    async with make_sink(endpoint.url, concurrency=5) as sink:
        pages = [ids[:20], ids[20:40], ids[40:]]
        await asyncio.gather(*(sink.deliver(payload="x", connection_ids=page, deadline=math.inf) for page in pages))
    assert endpoint.most_under_way <= 5
    assert all(endpoint.inboxes.values())


async def test_connections_are_kept_for_the_next_message(sink: MessageSink, endpoint: ConnectionsEndpoint) -> None:
    """A TLS handshake for each post would cost more than the post."""
    endpoint.inboxes["a"] = []
    for _ in range(5):
        await sink.deliver(payload="x", connection_ids=["a"], deadline=math.inf)
    assert len(endpoint.peers) == 1


async def test_cancelled_delivery_leaves_nothing_under_way(sink: MessageSink, endpoint: ConnectionsEndpoint) -> None:
    """The sink can be used again afterwards."""
    endpoint.hangs("a")
    task = asyncio.create_task(sink.deliver(payload="x", connection_ids=["a"], deadline=math.inf))
    while not endpoint.requests["a"]:  # noqa: ASYNC110  a counter has no event
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    endpoint.inboxes["b"] = []
    outcomes = await sink.deliver(payload="x", connection_ids=["b"], deadline=math.inf)
    assert outcomes.delivered == 1
