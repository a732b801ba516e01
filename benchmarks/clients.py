# ruff: noqa: PLC0415 - each process measures one client, and imports only what that client needs.
"""The clients of the fan-out that are written in Python; this module's main measures one of them in its own process.

A client is a function that takes the target and returns another function, which posts the payload to each of the given
connections and raises unless all posts succeeded.
"""

import asyncio
import importlib
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from benchmarks.endpoint import REGION
from benchmarks.target import PAYLOAD, Target, connection_ids
from chat_core import MessageSink

Post = Callable[[Sequence[str]], Awaitable[None]]
Connect = Callable[[Target], Awaitable[Post]]

DEADLINE_SECONDS = 100.0


async def ours(target: Target) -> Post:
    """Deliver through the sink that functions use, without its pace: the benchmark measures its cost."""
    from adapters.apigateway import ApiGatewayMessageSink, Pacer
    from adapters.apigateway.message_sink import CONCURRENCY
    from aws_client import environment_credentials

    return _deliver_through(
        ApiGatewayMessageSink(
            url=target.url,
            region=REGION,
            credentials=environment_credentials,
            concurrency=target.concurrency or CONCURRENCY,
            pacer=Pacer(rate=1e9, burst=1e9),
        )
    )


async def ours_sdk(target: Target) -> Post:
    """Deliver through our sink on the AWS SDK."""
    import aioboto3

    from adapters.apigateway.sdk import SdkMessageSink, client_config
    from adapters.apigateway.sdk.message_sink import CONCURRENCY

    concurrency = target.concurrency or CONCURRENCY
    config = client_config(concurrency=concurrency)
    session = aioboto3.Session(region_name=REGION)
    client = await session.client("apigatewaymanagementapi", endpoint_url=target.url, config=config).__aenter__()
    return _deliver_through(SdkMessageSink(client, concurrency=concurrency))


def _deliver_through(sink: MessageSink) -> Post:
    async def post(ids: Sequence[str]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        outcomes = await sink.deliver(payload=PAYLOAD, connection_ids=ids, deadline=deadline)
        if outcomes.delivered != len(ids):
            raise RuntimeError(f"{outcomes.delivered} of {len(ids)} delivered")

    return post


async def aioboto3(target: Target) -> Post:
    """Gather one call of aioboto3 for each connection, with as many HTTP connections as calls at once."""
    import aioboto3 as library
    from botocore.config import Config

    config = Config(max_pool_connections=target.concurrency or 100)
    session = library.Session(region_name=REGION)
    client = await session.client("apigatewaymanagementapi", endpoint_url=target.url, config=config).__aenter__()

    async def post(ids: Sequence[str]) -> None:
        await asyncio.gather(*(client.post_to_connection(ConnectionId=each, Data=PAYLOAD.encode()) for each in ids))

    return post


async def boto3_sequential(target: Target) -> Post:
    """Call boto3 for one connection after the other, as the Python samples do."""
    client = _boto3_client(target, 1)

    async def post(ids: Sequence[str]) -> None:
        for each in ids:
            client.post_to_connection(ConnectionId=each, Data=PAYLOAD.encode())

    return post


async def boto3_threads(target: Target) -> Post:
    """Call boto3 from threads, 32 by default."""
    threads = target.concurrency or 32
    client = _boto3_client(target, threads)
    pool = ThreadPoolExecutor(threads)

    async def post(ids: Sequence[str]) -> None:
        def call(connection_id: str) -> None:
            client.post_to_connection(ConnectionId=connection_id, Data=PAYLOAD.encode())

        for _ in pool.map(call, ids):
            pass

    return post


async def aiohttp_botocore(target: Target) -> Post:
    """Post with aiohttp, signed by botocore: the SDK without its layers."""
    import aiohttp

    concurrency = target.concurrency or 100
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency))

    async def post(ids: Sequence[str]) -> None:
        remaining = iter(ids)

        async def work() -> None:
            for each in remaining:
                url, headers = signed(target.url, each, os.environ)
                async with session.post(url, data=PAYLOAD.encode(), headers=headers) as response:
                    response.raise_for_status()

        await asyncio.gather(*(work() for _ in range(concurrency)))

    return post


async def pycurl(target: Target) -> Post:
    """Post with libcurl, signed by botocore; over one connection if HTTP/2 is on offer."""
    curl = importlib.import_module("pycurl")

    multi = curl.CurlMulti()
    concurrency = target.concurrency or 100
    multi.setopt(curl.M_MAX_TOTAL_CONNECTIONS, concurrency)
    idle = [_curl_handle(curl) for _ in range(concurrency)]

    async def post(ids: Sequence[str]) -> None:
        remaining, left = iter(ids), len(ids)
        while left:
            while idle and (connection_id := next(remaining, None)) is not None:
                handle = idle.pop()
                url, headers = signed(target.url, connection_id, os.environ)
                handle.setopt(curl.URL, url)
                handle.setopt(curl.HTTPHEADER, [f"{name}: {value}" for name, value in headers.items()])
                multi.add_handle(handle)
            multi.perform()
            _, done, failed = multi.info_read()
            if failed or any(handle.getinfo(curl.RESPONSE_CODE) != 200 for handle in done):
                raise RuntimeError(failed or "not every post was taken")
            for handle in done:
                multi.remove_handle(handle)
                idle.append(handle)
            left -= len(done)
            if not done:
                multi.select(1.0)

    return post


def _curl_handle(curl: Any) -> Any:
    handle = curl.Curl()
    handle.setopt(curl.POSTFIELDS, PAYLOAD)
    handle.setopt(curl.CAINFO, os.environ["SSL_CERT_FILE"])
    handle.setopt(curl.HTTP_VERSION, curl.CURL_HTTP_VERSION_2TLS)
    # Wait until the first connection can carry more requests, instead of opening another.
    handle.setopt(curl.PIPEWAIT, 1)
    handle.setopt(curl.WRITEFUNCTION, len)
    return handle


CLIENTS: Mapping[str, Connect] = {
    "ours": ours,
    "ours (SDK)": ours_sdk,
    "aioboto3": aioboto3,
    "boto3, one by one": boto3_sequential,
    "boto3, threads": boto3_threads,
    "aiohttp, signed by botocore": aiohttp_botocore,
    "pycurl, signed by botocore": pycurl,
}

OPTIONAL = {"pycurl, signed by botocore": "pycurl"}
"""The clients whose library is not a dependency of the project, with that library."""

OVER_H2 = frozenset({"ours", "pycurl, signed by botocore"})
"""The clients that can speak HTTP/2, which are measured with it as well."""

AT_ANY_CONCURRENCY = frozenset(CLIENTS) - {"boto3, one by one"}
"""The clients that respect `Target.concurrency`."""


def signed(stage_url: str, connection_id: str, environment: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return a post's encoded URL, and its headers with botocore's signature.

    Args:
        stage_url: the `Target.url`.
        connection_id: the recipient.
        environment: variables with the credentials, as in a function.

    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    # The SDKs quote the id in the path, and sign the quoted path.
    url = f"{stage_url}/@connections/{quote(connection_id, safe='')}"
    request = AWSRequest(method="POST", url=url, data=PAYLOAD.encode())
    SigV4Auth(Credentials(*(environment[name] for name in names)), "execute-api", REGION).add_auth(request)
    return url, dict(request.headers.items())


def _boto3_client(target: Target, connections: int) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(max_pool_connections=connections)
    return boto3.client("apigatewaymanagementapi", endpoint_url=target.url, region_name=REGION, config=config)


async def measure(connect: Connect, target: Target, *, posts: int, passes: int) -> list[dict[str, float]]:
    """Post to a number of connections in each pass; return the CPU time and the wall time of each pass, in seconds."""
    post = await connect(target)
    ids = connection_ids(posts)
    figures = []
    for _ in range(passes):
        cpu, wall = time.process_time(), time.perf_counter()
        await post(ids)
        figures.append({"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall})
    return figures


def main() -> None:
    """Measure the client that the command line names, and print its passes as JSON, for `fanout`."""
    name, url, concurrency, posts, passes = sys.argv[1:]
    target = Target(url=url, concurrency=int(concurrency) or None)
    figures = asyncio.run(measure(CLIENTS[name], target, posts=int(posts), passes=int(passes)))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
