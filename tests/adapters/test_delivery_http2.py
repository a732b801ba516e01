"""Delivery over HTTP/2: many posts on one connection, and everything that a server may do to them."""

import asyncio
import math
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from h2.settings import SettingCodes

from adapters.apigateway import ApiGatewayMessageSink
from aws_client import Credentials
from chat_core import Outcome, Outcomes
from tests.support.certificates import make_certificate, server_context, trusted
from tests.support.http2_endpoint import Http2Endpoint, http2_endpoint

IDS = [f"c{i}=" for i in range(500)]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the files of the authority and of the server's certificate with its key."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def endpoint(certificate: tuple[Path, Path]) -> AsyncIterator[Http2Endpoint]:
    """Return an endpoint that speaks HTTP/2, with every recipient connected."""
    with trusted(certificate[0]):
        async with http2_endpoint(server_context(certificate[1])) as endpoint:
            endpoint.inboxes = {each: [] for each in IDS}
            yield endpoint


def sink_on(endpoint: Http2Endpoint, *, concurrency: int = 100, post_timeout: float = 1.0) -> ApiGatewayMessageSink:
    return ApiGatewayMessageSink(
        url=endpoint.url,
        region="us-east-1",
        credentials=lambda: Credentials("AKID", "secret", "t" * 500),
        concurrency=concurrency,
        post_timeout=post_timeout,
    )


async def deliver(endpoint: Http2Endpoint, *, payload: str = "x", ids: list[str] = IDS, **options: Any) -> Outcomes:
    async with sink_on(endpoint, **options) as sink:
        outcomes = await sink.deliver(payload=payload, connection_ids=ids, deadline=time.monotonic() + 20)
    assert outcomes.delivered + len(outcomes.gone) + len(outcomes.failed) == len(ids)
    return outcomes


async def test_every_recipient_gets_one_post_over_one_connection(endpoint: Http2Endpoint) -> None:
    """The server chooses HTTP/2 in the handshake, and its limit of concurrent streams is kept."""
    outcomes = await deliver(endpoint)
    assert outcomes.delivered == 500
    assert list(endpoint.inboxes.values()) == [["x"]] * 500
    assert endpoint.opened == 1
    assert 1 < endpoint.most_streams <= 100


async def test_requests_have_every_field_that_the_signature_covers(endpoint: Http2Endpoint) -> None:
    """Every post has them, including the fields that were sent before."""
    async with sink_on(endpoint) as sink:
        both = [sink.deliver(payload=text, connection_ids=IDS[:50], deadline=math.inf) for text in ("one", "three")]
        await asyncio.gather(*both)
    assert len(endpoint.heads) == 100
    for head in endpoint.heads:
        assert (head[":method"], head[":scheme"], head[":authority"]) == ("POST", "https", endpoint.url[8:-4])
        assert head["x-amz-security-token"] == "t" * 500
        assert "SignedHeaders=host;x-amz-date;x-amz-security-token" in head["authorization"]
    assert {head["content-length"] for head in endpoint.heads} == {"3", "5"}
    assert len({head["authorization"] for head in endpoint.heads}) == 100


async def test_outcomes_are_those_of_the_statuses(endpoint: Http2Endpoint) -> None:
    """The server's compression makes no difference."""
    endpoint.statuses = {"c1=": [403], "c2=": [413], "c3=": [500], "c4=": [429, 200], "c5=": [503, 200]}
    del endpoint.inboxes["c0="]
    outcomes = await deliver(endpoint, ids=IDS[:7])
    assert outcomes.gone == ["c0="]
    assert outcomes.failed == {"c1=": Outcome.REFUSED, "c2=": Outcome.REFUSED, "c3=": Outcome.UNAVAILABLE}
    assert outcomes.delivered == 3


@pytest.mark.parametrize(
    "limits",
    [
        {SettingCodes.MAX_CONCURRENT_STREAMS: 3},
        {SettingCodes.HEADER_TABLE_SIZE: 0},
        {SettingCodes.HEADER_TABLE_SIZE: 300},
        {SettingCodes.INITIAL_WINDOW_SIZE: 10},
    ],
    ids=["few streams", "no table", "small table", "small window"],
)
async def test_limits_of_the_server_are_kept(endpoint: Http2Endpoint, limits: dict[SettingCodes | int, int]) -> None:
    """Exceeding a limit would end the connection."""
    endpoint.settings = limits
    async with sink_on(endpoint) as sink:
        for _ in range(3):
            outcomes = await sink.deliver(payload="y" * 100, connection_ids=IDS[:60], deadline=time.monotonic() + 20)
            assert outcomes.delivered == 60


async def test_payload_larger_than_the_windows_arrives_whole(endpoint: Http2Endpoint) -> None:
    """It is sent in frames, as far as the server allows."""
    outcomes = await deliver(endpoint, payload="z" * 128 * 1024, ids=IDS[:40], post_timeout=10)
    assert outcomes.delivered == 40
    assert all(endpoint.inboxes[each] == ["z" * 128 * 1024] for each in IDS[:40])


async def test_post_that_hangs_times_out_alone(endpoint: Http2Endpoint) -> None:
    """The others on the same connection are delivered, and it is not repeated."""
    endpoint.hanging = {"c7="}
    outcomes = await deliver(endpoint)
    assert outcomes.failed == {"c7=": Outcome.TIMED_OUT}
    assert outcomes.delivered == 499
    assert endpoint.posts["c7="] == 1


async def test_server_that_goes_away_loses_no_message(endpoint: Http2Endpoint) -> None:
    """The remaining answers are awaited; the other posts go over another connection."""
    said = 0

    def go_away(connection: Any, _stream: int) -> bool:
        nonlocal said
        if endpoint.posts.total() == 150 and not said:
            said += 1
            last = max(connection.h2.streams)
            payload = struct.pack("!LL", last - 20, 0)
            connection.flush()
            connection.transport.write(struct.pack("!L", len(payload))[1:] + b"\x07\x00\x00\x00\x00\x00" + payload)
        return False

    endpoint.interfere = go_away
    outcomes = await deliver(endpoint)
    assert said
    assert outcomes.delivered == 500
    assert endpoint.opened == 2


async def test_requests_that_the_server_refuses_are_sent_again(endpoint: Http2Endpoint) -> None:
    """REFUSED_STREAM says that the server did nothing with them."""

    def break_off(connection: Any, stream: int) -> bool:
        if stream % 10 == 1 and endpoint.opened == 1 and endpoint.posts.total() < 300:
            connection.h2.reset_stream(stream, error_code=7)
            return True
        return False

    endpoint.interfere = break_off
    assert (await deliver(endpoint)).delivered == 500


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"\xff\xff\xff\x00\x00\x00\x00\x00\x01",
        b"\x00\x00\x04\x01\x04\x00\x00\x00\x01\xff\xff\xff\xff",
        b"\x00\x00\x04\x05\x04\x00\x00\x00\x01\x00\x00\x00\x02",
        b"\x00\x00\x01\x09\x04\x00\x00\x00\x01\x88",
        b"\x00\x00\x01\x00\x01\x00\x00\x00\x01x",
        b"\x00\x00\x01\x00\x09\x00\x00\x00\x01\x05",
    ],
    ids=["HTTP/1.1", "too long", "no header block", "push", "no beginning", "no status", "padding"],
)
async def test_garbage_instead_of_http2_fails_every_recipient_once(endpoint: Http2Endpoint, garbage: bytes) -> None:
    """The number of attempts is bounded."""

    def speak(connection: Any, _stream: int) -> bool:
        connection.transport.write(garbage)
        return True

    endpoint.interfere = speak
    outcomes = await deliver(endpoint, ids=IDS[:30])
    assert set(outcomes.failed.values()) <= {Outcome.UNAVAILABLE, Outcome.TIMED_OUT}
    assert len(outcomes.failed) == 30
    assert max(endpoint.posts.values()) <= 4


async def test_connection_that_breaks_is_replaced(endpoint: Http2Endpoint) -> None:
    """The posts under way are repeated."""

    def cut(connection: Any, _stream: int) -> bool:
        if endpoint.posts.total() == 200:
            connection.transport.abort()
            return True
        return False

    endpoint.interfere = cut
    outcomes = await deliver(endpoint)
    assert outcomes.delivered == 500
    assert endpoint.opened == 2


async def test_headers_of_an_error_are_read(endpoint: Http2Endpoint) -> None:
    """Credentials that have expired are replaced, as over HTTP/1.1."""

    def expire(connection: Any, stream: int) -> bool:
        if "Credential=OLD/" in endpoint.heads[-1]["authorization"]:
            connection.say(stream, 403, [("x-amzn-errortype", "ExpiredTokenException")], b"expired")
            return True
        return False

    endpoint.interfere = expire
    keys = iter(["OLD"])
    sink = ApiGatewayMessageSink(
        url=endpoint.url, region="us-east-1", credentials=lambda: Credentials(next(keys, "NEW"), "secret")
    )
    async with sink:
        outcomes = await sink.deliver(payload="x", connection_ids=IDS, deadline=time.monotonic() + 20)
    assert outcomes.delivered == 500


async def test_cancelled_delivery_leaves_the_connection_to_the_others(endpoint: Http2Endpoint) -> None:
    """Only the posts of the cancelled delivery are cancelled."""
    async with sink_on(endpoint, post_timeout=20) as sink:
        endpoint.hanging = set(IDS)
        cancelled = asyncio.create_task(sink.deliver(payload="x", connection_ids=IDS, deadline=math.inf))
        while endpoint.posts.total() < 90:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        endpoint.hanging = set()
        outcomes = await sink.deliver(payload="y", connection_ids=IDS[:10], deadline=time.monotonic() + 10)
        assert outcomes.delivered == 10
        assert endpoint.opened == 1
