"""Each kind of sink, and the world that it delivers to, behind one interface."""

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import aioboto3

from adapters.apigateway import ApiGatewayMessageSink
from adapters.apigateway.sdk import SdkMessageSink, client_config
from adapters.apigateway.stage_endpoint import Jitter
from adapters.memory import MemoryMessageSink
from aws_client import Credentials
from chat_core import MessageSink
from tests.support.certificates import make_certificate, server_context, trusted
from tests.support.connections_endpoint import ConnectionsEndpoint, connections_endpoint
from tests.support.http2_endpoint import Http2Endpoint, http2_endpoint


class World(Protocol):
    """A sink, and connections whose behaviour a test sets."""

    sink: MessageSink

    def open(self, connection_id: str) -> list[str]:
        """Open a connection; return the list that its messages will be appended to."""
        ...

    def hang(self, connection_id: str) -> None:
        """Let the connection accept messages without ever finishing one."""
        ...

    def fail(self, connection_id: str) -> None:
        """Let every delivery to the connection fail for a reason that is not the connection's."""
        ...

    def deafen(self, connection_id: str) -> None:
        """Open a connection whose client does not read, with its buffer full."""
        ...

    @property
    def disconnected(self) -> list[str]:
        """The connections that the sink has ended."""
        ...


class MemoryWorld:
    def __init__(self) -> None:
        self._sink = MemoryMessageSink()
        self.sink: MessageSink = self._sink
        self.disconnected: list[str] = []

    def open(self, connection_id: str) -> list[str]:
        inbox: list[str] = []

        async def send(text: str) -> None:
            inbox.append(text)

        self._sink.attach(connection_id, send)
        return inbox

    def hang(self, connection_id: str) -> None:
        async def hang(_text: str) -> None:
            await asyncio.Event().wait()

        self._sink.attach(connection_id, hang)

    def fail(self, connection_id: str) -> None:
        async def fail(text: str) -> None:
            raise RuntimeError(text)

        self._sink.attach(connection_id, fail)

    def deafen(self, connection_id: str) -> None:
        async def refuse(_text: str) -> None:
            raise asyncio.QueueFull

        self._sink.attach(connection_id, refuse, close=lambda: self.disconnected.append(connection_id))


class ApiGatewayWorld:
    def __init__(self, sink: MessageSink, endpoint: ConnectionsEndpoint) -> None:
        self.sink = sink
        self._endpoint = endpoint

    def open(self, connection_id: str) -> list[str]:
        return self._endpoint.inboxes.setdefault(connection_id, [])

    def hang(self, connection_id: str) -> None:
        self._endpoint.hangs(connection_id)

    def fail(self, connection_id: str) -> None:
        self._endpoint.fails(connection_id, 500, forever=True)

    def deafen(self, connection_id: str) -> None:
        self._endpoint.fails(connection_id, 429, forever=True)

    @property
    def disconnected(self) -> list[str]:
        return self._endpoint.disconnected


class MakeSink(Protocol):
    """Makes a sink of one kind on the endpoint at a URL."""

    def __call__(
        self,
        url: str,
        *,
        concurrency: int = 100,
        post_timeout: float = 5.0,
        jitter: Jitter = random.uniform,
    ) -> AbstractAsyncContextManager[MessageSink]: ...


@asynccontextmanager
async def sdk_sink(
    url: str,
    *,
    concurrency: int = 100,
    post_timeout: float = 5.0,
    jitter: Jitter = random.uniform,
) -> AsyncIterator[MessageSink]:
    """Make the reference sink, on the AWS SDK."""
    config = client_config(concurrency=concurrency)
    session = aioboto3.Session(aws_access_key_id="AKID", aws_secret_access_key="secret", region_name="us-east-1")
    async with session.client("apigatewaymanagementapi", endpoint_url=url, config=config) as client:
        yield SdkMessageSink(client, concurrency=concurrency, post_timeout=post_timeout, jitter=jitter)


@asynccontextmanager
async def engine_sink(
    url: str,
    *,
    concurrency: int = 100,
    post_timeout: float = 5.0,
    jitter: Jitter = random.uniform,
) -> AsyncIterator[MessageSink]:
    """Make the sink that functions use."""
    async with ApiGatewayMessageSink(
        url=url,
        region="us-east-1",
        credentials=lambda: Credentials("AKID", "secret"),
        concurrency=concurrency,
        post_timeout=post_timeout,
        jitter=jitter,
    ) as sink:
        yield sink


@asynccontextmanager
async def memory_world() -> AsyncIterator[World]:
    """Make the world of the memory sink."""
    yield MemoryWorld()


@asynccontextmanager
async def sdk_world() -> AsyncIterator[World]:
    """Make the world of the SDK sink."""
    async with connections_endpoint() as endpoint, sdk_sink(endpoint.url) as sink:
        yield ApiGatewayWorld(sink, endpoint)


@asynccontextmanager
async def engine_world() -> AsyncIterator[World]:
    """Make the world of the default sink."""
    async with connections_endpoint() as endpoint, engine_sink(endpoint.url) as sink:
        yield ApiGatewayWorld(sink, endpoint)


class Http2World:
    def __init__(self, sink: MessageSink, endpoint: Http2Endpoint) -> None:
        self.sink = sink
        self._endpoint = endpoint

    def open(self, connection_id: str) -> list[str]:
        return self._endpoint.inboxes.setdefault(connection_id, [])

    def hang(self, connection_id: str) -> None:
        self._endpoint.hanging.add(connection_id)

    def fail(self, connection_id: str) -> None:
        self._endpoint.statuses[connection_id] = [500]

    def deafen(self, connection_id: str) -> None:
        self._endpoint.statuses[connection_id] = [429]

    @property
    def disconnected(self) -> list[str]:
        return self._endpoint.disconnected


@asynccontextmanager
async def http2_world() -> AsyncIterator[World]:
    """Make the world of the default sink with an endpoint that speaks HTTP/2."""
    with tempfile.TemporaryDirectory() as folder:
        authority, server = make_certificate(Path(folder))
        with trusted(authority):
            async with http2_endpoint(server_context(server)) as endpoint, engine_sink(endpoint.url) as sink:
                yield Http2World(sink, endpoint)


WORLDS = {
    "MemoryMessageSink": memory_world,
    "SdkMessageSink": sdk_world,
    "ApiGatewayMessageSink": engine_world,
    "over HTTP/2": http2_world,
}
