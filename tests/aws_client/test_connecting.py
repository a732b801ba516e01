"""How many connections are opened to a useless server, and when the callers get their errors."""

import asyncio
import itertools
import socket
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from h2.settings import SettingCodes

from adapters.apigateway import ApiGatewayMessageSink
from aws_client import Credentials, JsonClient, ServiceUnreachable
from aws_client import pool as pool_module
from aws_client.connector import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Backoff
from chat_core import Outcome
from tests.support import dynamodb
from tests.support.certificates import make_certificate, server_context, trusted
from tests.support.http2_endpoint import http2_endpoint
from tests.support.rogue_endpoint import OK, Post, rogue_endpoint
from tests.support.silent_server import silent_server
from tests.support.useless_server import KINDS, allow, hold_back, useless_server

LATE_SECONDS = 3
"""How late a busy machine may be."""
SECONDS = 1.5
"""A client without pauses opens hundreds of connections in this time."""
FEW = 8

Files = tuple[Path, Path]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Return the files of the authority and of the server's certificate with its key."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def certificate(files: Files) -> AsyncIterator[Files]:
    """Return the files, while clients trust the certificate."""
    with trusted(files[0]):
        yield files


def sink_on(url: str, **options: Any) -> ApiGatewayMessageSink:
    credentials = Credentials("AKID", "secret")
    return ApiGatewayMessageSink(url=f"{url}/dev", region="us-east-1", credentials=lambda: credentials, **options)


def client_on(url: str, *, retries: int = 3) -> JsonClient:
    return dynamodb.direct_client(url, retries=retries)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("closes", Outcome.UNAVAILABLE),
        ("goes away", Outcome.UNAVAILABLE),
        ("allows no requests", Outcome.NOT_TRIED),
        ("says nothing", Outcome.NOT_TRIED),
    ],
)
async def test_few_connections_are_opened_for_a_post_that_no_server_accepts(
    certificate: Files, kind: str, outcome: Outcome
) -> None:
    """Without pauses, a thousand functions would keep a load balancer from recovering."""
    async with useless_server(server_context(certificate[1]), KINDS[kind]) as server, sink_on(server.url) as sink:
        started = time.monotonic()
        outcomes = await sink.deliver(payload="x", connection_ids=["a"], deadline=started + SECONDS)
        assert time.monotonic() - started < SECONDS + LATE_SECONDS
        assert outcomes.failed == {"a": outcome}
        assert 1 <= server.opened <= FEW


@pytest.mark.parametrize("kind", KINDS)
async def test_few_connections_are_opened_for_a_call_that_no_server_accepts(certificate: Files, kind: str) -> None:
    """The call ends after its attempts, or at its deadline, which counts from the call."""
    async with useless_server(server_context(certificate[1]), KINDS[kind]) as server:
        with closing(client_on(server.url)) as client:
            async with asyncio.timeout(SECONDS + LATE_SECONDS):
                with pytest.raises(ServiceUnreachable):
                    await client.call("GetItem", {}, deadline=time.monotonic() + SECONDS)
        assert 1 <= server.opened <= FEW


async def test_pauses_are_kept_from_one_call_to_the_next(certificate: Files) -> None:
    """A function that is called again and again knows by then that the server is useless."""
    async with useless_server(server_context(certificate[1]), KINDS["closes"]) as server:
        with closing(client_on(server.url, retries=0)) as client:
            deadline = time.monotonic() + SECONDS
            while time.monotonic() < deadline:
                with pytest.raises(ServiceUnreachable):
                    await client.call("GetItem", {}, deadline=deadline)
        assert 1 <= server.opened <= FEW


async def test_server_that_allows_no_requests_is_waited_for_on_the_same_connection(certificate: Files) -> None:
    """A server may do so, and allow requests later on the same connection (RFC 9113, sections 5.1.2 and 6.5.2)."""
    async with useless_server(server_context(certificate[1]), hold_back) as server, sink_on(server.url) as sink:
        deliveries = [
            asyncio.create_task(sink.deliver(payload="x", connection_ids=["a"], deadline=time.monotonic() + 1))
            for _ in range(3)
        ]
        await asyncio.sleep(0.3)
        assert not any(each.done() for each in deliveries)
        (connection,) = server.open
        connection.write(allow(10))
        # The posts are sent now and get no answer.
        outcomes = await asyncio.gather(*deliveries)
        assert [each.failed for each in outcomes] == [{"a": Outcome.TIMED_OUT}] * 3
        assert server.opened == 1


async def test_connection_on_which_the_server_is_silent_is_given_up(
    certificate: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets as long as opening a connection: HTTP/2 starts with the server's settings (RFC 9113, section 3.4)."""
    monkeypatch.setattr(pool_module, "CONNECT_TIMEOUT_SECONDS", 0.2)
    async with useless_server(server_context(certificate[1]), KINDS["says nothing"]) as server:
        with closing(client_on(server.url, retries=0)) as client:
            async with asyncio.timeout(2):
                with pytest.raises(ServiceUnreachable, match="before its first answer"):
                    await client.call("GetItem", {}, deadline=time.monotonic() + 10)
            assert server.opened == 1


async def test_server_that_accepts_no_second_connection_is_rarely_tried_again(certificate: Files) -> None:
    """Answers on the first connection prove nothing about new ones."""
    async with http2_endpoint(server_context(certificate[1])) as endpoint:
        ids = [f"c{i}" for i in range(60)]
        endpoint.inboxes = {each: [] for each in ids}
        endpoint.settings = {SettingCodes.MAX_CONCURRENT_STREAMS: 1}
        endpoint.most_connections = 1

        def answer_slowly(connection: Any, stream: int) -> bool:
            def answer() -> None:
                connection.say(stream, 200)
                connection.flush()

            asyncio.get_running_loop().call_later(0.02, answer)
            return True

        endpoint.interfere = answer_slowly
        async with sink_on(endpoint.url.removesuffix("/dev")) as sink:
            outcomes = await sink.deliver(payload="x", connection_ids=ids, deadline=time.monotonic() + 20)
        assert outcomes.delivered == 60
        assert endpoint.opened <= FEW


async def test_after_a_failure_a_connection_that_hangs_does_not_hold_up_the_others() -> None:
    """After a failure connections are opened one at a time, but not only one."""

    async def reply(post: Post, writer: asyncio.StreamWriter) -> None:
        if endpoint.opened == 1:
            writer.transport.abort()
        elif post.connection_id == "hangs":
            await asyncio.Event().wait()
        else:
            writer.write(OK)

    async with rogue_endpoint() as endpoint:
        endpoint.reply = reply
        ids = ["hangs", "a", "b", "c"]
        async with sink_on(endpoint.url.removesuffix("/dev"), concurrency=4, post_timeout=5) as sink:
            deadline = time.monotonic() + 2
            first = await sink.deliver(payload="x", connection_ids=["a"], deadline=deadline)
            assert first.delivered == 1
            outcomes = await sink.deliver(payload="x", connection_ids=ids, deadline=deadline)
        assert outcomes.delivered == 3
        assert outcomes.failed == {"hangs": Outcome.TIMED_OUT}


def test_pauses_grow_to_a_limit_and_end_with_an_answer_on_a_newer_connection() -> None:
    """The backoff has the shape of gRPC's, in the time that a function has."""
    backoff = Backoff()
    assert not backoff.is_on
    now, pauses = 100.0, []
    for _ in range(12):
        backoff.failed(now)
        pauses.append(backoff.until - now)
        # Other connections that were opened at the same time.
        backoff.failed(now)
        assert backoff.until - now == pauses[-1]
        now = backoff.until
    assert FIRST_PAUSE_SECONDS * 0.8 <= pauses[0] <= FIRST_PAUSE_SECONDS * 1.2
    assert all(later > 1.3 * earlier for earlier, later in itertools.pairwise(pauses[:6]))
    assert LONGEST_PAUSE_SECONDS * 0.8 <= pauses[-1] <= LONGEST_PAUSE_SECONDS * 1.2
    backoff.answered(50.0)
    assert backoff.is_on
    backoff.answered(now + 1)
    assert not backoff.is_on


async def test_bug_while_connecting_fails_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller gets an error, and the loop logs the bug with its stack."""
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reported.append(context))

    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(pool_module, "new_poller", fail)
    with silent_server() as url, closing(client_on(url, retries=0)) as client:
        async with asyncio.timeout(3):
            with pytest.raises(ServiceUnreachable):
                await client.call("GetItem", {}, deadline=time.monotonic() + 20)
    assert [type(each["exception"]) for each in reported] == [ZeroDivisionError]


async def test_call_after_its_deadline_sends_nothing() -> None:
    """Otherwise the operation would be carried out although the call has failed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        with closing(client_on(f"http://127.0.0.1:{listener.getsockname()[1]}")) as client:
            with pytest.raises(ServiceUnreachable):
                await client.call("PutItem", {}, deadline=time.monotonic() - 1)
            await asyncio.sleep(0.05)
            with pytest.raises(BlockingIOError):
                listener.accept()
