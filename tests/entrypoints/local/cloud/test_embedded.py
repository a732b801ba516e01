"""The embedded cloud as a process."""

import asyncio
import subprocess
import sys
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import boto3
import pytest

from entrypoints.local.cloud import EmbeddedCloud


async def test_it_stops_within_its_time() -> None:
    """Also while moto is still being imported."""
    cloud = EmbeddedCloud(log=lambda _line: None)
    await cloud.start()
    started = time.monotonic()
    await cloud.stop()
    await cloud.stop()
    assert time.monotonic() - started < 2


def test_it_ends_with_its_parent() -> None:
    """A parent that is killed cannot stop it; its standard input ends in any case."""
    with subprocess.Popen(
        [sys.executable, "-m", "entrypoints.local.cloud.moto_server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert int(process.stdout.readline()) > 0
        process.stdin.close()
        assert process.wait(timeout=5) == 0


def test_it_keeps_connections_open(endpoint: str) -> None:
    """SDKs hold connections and would otherwise make a new one for each request."""
    connection = HTTPConnection(urlsplit(endpoint).netloc)
    try:
        ports = set()
        for body in ("", "x" * 100_000):
            connection.request("PUT", "/a-bucket/key", body=body)
            connection.getresponse().read()
            assert connection.sock is not None
            ports.add(connection.sock.getsockname())
        assert len(ports) == 1
    finally:
        connection.close()


async def test_what_is_deployed_is_seen_by_other_clients(endpoint: str, deployed: object) -> None:
    """The AWS CLI shows what there is, given the endpoint."""
    deployment = await deployed("sam_websocket_api.yaml")  # type: ignore[operator]
    client = boto3.client("apigatewayv2", endpoint_url=endpoint, region_name="eu-west-1")
    try:
        ids = [each["ApiId"] for each in (await asyncio.to_thread(client.get_apis))["Items"]]
    finally:
        client.close()
    assert deployment.apis[0].id in ids


async def test_a_failing_server_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it wrote before it ended reaches the log."""
    log: list[str] = []
    monkeypatch.setattr(sys, "executable", "/bin/false")
    cloud = EmbeddedCloud(log=log.append)
    with pytest.raises(Exception, match="did not start"):
        await cloud.start()
    await cloud.stop()
