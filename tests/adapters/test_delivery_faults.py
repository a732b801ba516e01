"""Delivery to an endpoint that misbehaves: every recipient has exactly one outcome."""

import asyncio
import gc
import math
import random
import select
import time
from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from adapters.apigateway import ApiGatewayMessageSink, Pacer
from adapters.apigateway.delivery import Delivery
from aws_client import Credentials
from chat_core import Outcome, Outcomes
from tests.support.certificates import make_certificate, server_context, trusted
from tests.support.rogue_endpoint import OK, Post, Reply, RogueEndpoint, hang, reset, rogue_endpoint, say

IDS = [f"c{i}" for i in range(200)]
THROTTLED = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"
GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(params=["epoll", "loop"], autouse=True)
def poller(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test with both pollers; on macOS the loop's is used."""
    if request.param == "loop":
        monkeypatch.delattr(select, "epoll", raising=False)
    elif not hasattr(select, "epoll"):
        pytest.skip("epoll is Linux's")


@pytest.fixture
async def endpoint() -> AsyncIterator[RogueEndpoint]:
    """Return an endpoint whose replies the test sets."""
    async with rogue_endpoint() as endpoint:
        yield endpoint


def sink_on(endpoint: RogueEndpoint, *, post_timeout: float = 1.0) -> ApiGatewayMessageSink:
    return ApiGatewayMessageSink(
        url=endpoint.url,
        region="us-east-1",
        credentials=lambda: Credentials("AKID", "secret", "token"),
        post_timeout=post_timeout,
        concurrency=20,
    )


async def deliver(
    endpoint: RogueEndpoint, *, ids: list[str] = IDS, seconds: float = 20, payload: str = "x"
) -> Outcomes:
    async with sink_on(endpoint) as sink:
        outcomes = await sink.deliver(payload=payload, connection_ids=ids, deadline=time.monotonic() + seconds)
    assert outcomes.delivered + len(outcomes.gone) + len(outcomes.failed) == len(ids)
    assert not set(outcomes.gone) & set(outcomes.failed)
    return outcomes


@pytest.mark.parametrize(
    "reply",
    [
        say(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        say(b"\x16\x03\x01\x00\x05hello", then=reset),
        say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", then=reset),
        say(b"HTTP/1.1 200 OK\r\nContent-Le", then=lambda writer: writer.close()),
        say(b"", then=lambda writer: writer.close()),
        say(b"", then=reset),
        say(OK * 3),
        say(b"HTTP/1.1 500 Oops\r\nContent-Length: 1000000000000\r\n\r\n"),
        say(b"HTTP/1.1 500 Oops\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n"),
        say(b"HTTP/1.1 100 Continue\r\n\r\n" * 1_100),
        say(b"x" * 300),
        say(b"HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
        say(b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n"),
    ],
    ids=[
        "garbage",
        "TLS",
        "half a body",
        "half a head",
        "nothing",
        "reset",
        "several answers",
        "endless",
        "5,000 digits",
        "interim",
        "no line",
        "LF alone",
        "NUL",
    ],
)
async def test_endpoint_that_speaks_no_http_fails_every_recipient_once(endpoint: RogueEndpoint, reply: Reply) -> None:
    """The attempts are bounded, and no connection stays open on either side."""
    endpoint.reply = reply
    outcomes = await deliver(endpoint, ids=IDS[:30])
    assert set(outcomes.failed.values()) <= {Outcome.UNAVAILABLE}
    assert max(endpoint.posts.values()) <= 2
    while endpoint.now_open:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_endpoint_that_says_nothing_times_every_recipient_out(endpoint: RogueEndpoint) -> None:
    """They time out concurrently, and none is posted to again."""
    endpoint.reply = hang
    started = time.monotonic()
    outcomes = await deliver(endpoint, ids=IDS[:40])
    assert set(outcomes.failed.values()) == {Outcome.TIMED_OUT}
    assert time.monotonic() - started < 8
    assert set(endpoint.posts.values()) == {1}


async def test_endpoint_that_closes_after_each_answer_delivers_all(endpoint: RogueEndpoint) -> None:
    """A close between posts loses no message and duplicates none, whether it was announced or not."""
    endpoint.reply = say(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", then=lambda w: w.close())
    outcomes = await deliver(endpoint)
    assert outcomes.delivered == len(IDS)
    assert set(endpoint.posts.values()) == {1}


async def test_endpoint_that_closes_idle_connections_costs_nothing(endpoint: RogueEndpoint) -> None:
    """A function may be frozen between two messages: nothing is sent on a connection that is known to be closed."""
    async with sink_on(endpoint) as sink:
        await sink.deliver(payload="x", connection_ids=IDS, deadline=math.inf)
        endpoint.reply = say(OK, then=lambda writer: writer.close())
        await sink.deliver(payload="x", connection_ids=IDS, deadline=math.inf)
        # The closes have arrived, but the loop has not run to read them.
        time.sleep(0.05)  # noqa: ASYNC251
        endpoint.posts.clear()
        endpoint.reply = say(OK)
        outcomes = await sink.deliver(payload="x", connection_ids=IDS, deadline=math.inf)
    assert outcomes.delivered == len(IDS)
    assert set(endpoint.posts.values()) == {1}


async def test_endpoint_that_throttles_a_tenth_and_hangs_on_a_hundredth_loses_no_other_recipient(
    endpoint: RogueEndpoint,
) -> None:
    """Connections that are gone have an outcome of their own."""
    chance = random.Random(7)
    hung: set[str] = set()

    async def reply(post: Post, writer: asyncio.StreamWriter) -> None:
        draw = chance.random()
        if draw < 0.01:
            hung.add(post.connection_id)
            await hang(post, writer)
        elif post.connection_id in {"c5", "c55"}:
            writer.write(GONE)
        else:
            writer.write(THROTTLED if draw < 0.11 else OK)

    endpoint.reply = reply
    outcomes = await deliver(endpoint)
    assert hung
    assert outcomes.failed == dict.fromkeys(hung, Outcome.TIMED_OUT)
    assert set(outcomes.gone) == {"c5", "c55"} - hung
    assert outcomes.delivered == len(IDS) - len(hung | {"c5", "c55"})


async def test_answer_in_pieces_and_chunks_is_an_answer(endpoint: RogueEndpoint) -> None:
    """TCP does not preserve message boundaries."""

    async def dribble(_post: Post, writer: asyncio.StreamWriter) -> None:
        for part in (
            b"HTTP/1.1 2",
            b"00 OK\r\nTransfer-Enc",
            b"oding: chunked\r\n\r",
            b"\n3\r\nab",
            b"c\r\n0\r\n",
            b"\r\n",
        ):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.002)

    endpoint.reply = dribble
    outcomes = await deliver(endpoint, ids=IDS[:40])
    assert outcomes.delivered == 40


async def test_payload_larger_than_the_socket_buffer_arrives_whole(endpoint: RogueEndpoint) -> None:
    """The rest is sent as fast as the endpoint reads."""
    bodies: set[bytes] = set()

    async def reply(post: Post, writer: asyncio.StreamWriter) -> None:
        bodies.add(post.body)
        writer.write(OK)

    endpoint.reply = reply
    async with sink_on(endpoint, post_timeout=15) as sink:
        outcomes = await sink.deliver(payload="y" * 5_000_000, connection_ids=IDS[:10], deadline=time.monotonic() + 20)
    assert outcomes.delivered == 10
    assert bodies == {b"y" * 5_000_000}


async def test_expired_credentials_are_tried_again_with_fresh_ones(endpoint: RogueEndpoint) -> None:
    """A role's credentials change while a long broadcast runs."""
    keys = iter(["OLD"])
    expired = b"HTTP/1.1 403 Forbidden\r\nx-amzn-ErrorType: ExpiredTokenException\r\nContent-Length: 0\r\n\r\n"

    async def reply(post: Post, writer: asyncio.StreamWriter) -> None:
        writer.write(expired if "Credential=OLD/" in post.head else OK)

    endpoint.reply = reply
    sink = ApiGatewayMessageSink(
        url=endpoint.url,
        region="us-east-1",
        credentials=lambda: Credentials(next(keys, "NEW"), "secret"),
    )
    async with sink:
        outcomes = await sink.deliver(payload="x", connection_ids=IDS, deadline=time.monotonic() + 20)
    assert outcomes.delivered == len(IDS)


async def test_clock_that_is_far_off_loses_no_message(endpoint: RogueEndpoint) -> None:
    """API Gateway refuses dates that are five minutes off, and its answer has the right time."""
    skewed = b"HTTP/1.1 403 Forbidden\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n"

    async def reply(post: Post, writer: asyncio.StreamWriter) -> None:
        writer.write(OK if "x-amz-date: 20260101T00000" in post.head else skewed)

    endpoint.reply = reply
    sink = ApiGatewayMessageSink(
        url=endpoint.url,
        region="us-east-1",
        credentials=lambda: Credentials("AKID", "secret"),
    )
    async with sink:
        outcomes = await sink.deliver(payload="x", connection_ids=IDS, deadline=time.monotonic() + 20)
    assert outcomes.delivered == len(IDS)


@pytest.mark.parametrize("connection_id", ["", " ", "../../x", "a\r\nX-Evil: 1", "ü🖖", "a" * 5000, "?x=1", "#", "%00"])
async def test_malformed_id_cannot_change_the_request(endpoint: RogueEndpoint, connection_id: str) -> None:
    """Any id is one segment of the path, and the signature covers it."""
    heads: list[str] = []

    async def reply(post: Post, writer: asyncio.StreamWriter) -> None:
        heads.append(post.head)
        assert post.connection_id == connection_id.rpartition("/")[2] or post.connection_id == connection_id
        writer.write(OK)

    endpoint.reply = reply
    outcomes = await deliver(endpoint, ids=[connection_id])
    assert outcomes.delivered == 1
    assert len(heads[0].split("\r\n")[0].split(" ")) == 3
    assert "x-evil:" not in heads[0].lower()


async def test_tls_connections_deliver_and_are_kept(tmp_path: Path) -> None:
    """The certificate is verified."""
    authority, server = make_certificate(tmp_path)
    async with rogue_endpoint(server_context(server)) as endpoint:
        with trusted(authority):
            outcomes = await deliver(endpoint, payload="z" * 100_000)
        assert outcomes.delivered == len(IDS)
        assert endpoint.opened <= 20


@pytest.mark.parametrize("name", ["localhost", "example.org"], ids=["unknown", "another name"])
async def test_wrong_certificate_gets_no_message(tmp_path: Path, name: str) -> None:
    """The server that presents it is not API Gateway."""
    authority, server = make_certificate(tmp_path, name)
    async with rogue_endpoint(server_context(server)) as endpoint:
        with trusted(authority) if name != "localhost" else nullcontext():
            outcomes = await deliver(endpoint, ids=IDS[:50])
        assert outcomes.failed == dict.fromkeys(IDS[:50], Outcome.UNAVAILABLE)
        assert not endpoint.posts


async def test_cancelled_delivery_closes_what_is_under_way(endpoint: RogueEndpoint) -> None:
    """The other deliveries continue."""
    async with sink_on(endpoint) as sink:
        endpoint.reply = hang
        cancelled = asyncio.create_task(sink.deliver(payload="x", connection_ids=IDS, deadline=math.inf))
        while len(endpoint.posts) < 20:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        endpoint.reply = say(OK)
        other = asyncio.create_task(sink.deliver(payload="y", connection_ids=["d1", "d2"], deadline=math.inf))
        await asyncio.sleep(0.05)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        assert (await other).delivered == 2


async def test_a_hung_delivery_does_not_hold_up_another(endpoint: RogueEndpoint) -> None:
    """Deliveries take turns for free capacity."""

    async def reply(post: Post, writer: asyncio.StreamWriter) -> None:
        if post.connection_id.startswith("slow"):
            await asyncio.sleep(0.3)
        writer.write(OK)

    endpoint.reply = reply
    async with sink_on(endpoint) as sink:
        slow = [f"slow{i}" for i in range(200)]
        large = asyncio.create_task(sink.deliver(payload="x", connection_ids=slow, deadline=math.inf))
        await asyncio.sleep(0.1)
        small = await sink.deliver(payload="y", connection_ids=IDS[:5], deadline=math.inf)
        assert small.delivered == 5
        assert not large.done()
        assert (await large).delivered == 200


async def test_nothing_of_a_delivery_is_kept_after_it(endpoint: RogueEndpoint) -> None:
    """Memory is bounded by the pages delivered at once, and the broadcast bounds those."""
    async with sink_on(endpoint) as sink:
        for _ in range(20):
            await sink.deliver(payload="x", connection_ids=IDS, deadline=math.inf)
        assert endpoint.opened <= 20
        assert not [each for each in gc.get_objects() if type(each) is Delivery]


async def test_sink_that_is_closed_ends_its_deliveries(endpoint: RogueEndpoint) -> None:
    """Those under way and later ones: a caller must not wait until its deadline."""
    endpoint.reply = hang
    sink = sink_on(endpoint, post_timeout=60)
    under_way = asyncio.create_task(sink.deliver(payload="x", connection_ids=IDS[:30], deadline=math.inf))
    while len(endpoint.posts) < 16:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    sink.close()
    async with asyncio.timeout(10):
        outcomes = [await under_way, await sink.deliver(payload="x", connection_ids=IDS[:30], deadline=math.inf)]
    assert [each.failed for each in outcomes] == [dict.fromkeys(IDS[:30], Outcome.UNAVAILABLE)] * 2
    assert endpoint.opened == 16


async def test_delivery_ends_at_its_deadline_without_permits(endpoint: RogueEndpoint) -> None:
    """The next permit may come much later."""
    credentials = Credentials("AKID", "secret")
    pacer = Pacer(rate=0.1, burst=1)
    sink = ApiGatewayMessageSink(url=endpoint.url, region="us-east-1", credentials=lambda: credentials, pacer=pacer)
    async with sink:
        started = time.monotonic()
        outcomes = await sink.deliver(payload="x", connection_ids=IDS[:3], deadline=started + 0.3)
        assert time.monotonic() - started < 2
    assert outcomes.delivered == 1
    assert outcomes.failed == dict.fromkeys(IDS[1:3], Outcome.NOT_TRIED)
