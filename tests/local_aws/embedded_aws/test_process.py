"""The embedded AWS as a process."""

import asyncio
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit

import boto3
import pytest

from local_aws.embedded_aws import EmbeddedAws


async def test_it_stops_within_its_time() -> None:
    """Also while moto is still being imported."""
    cloud = EmbeddedAws(log=lambda _line: None)
    await cloud.start()
    started = time.monotonic()
    await cloud.stop()
    await cloud.stop()
    assert time.monotonic() - started < 2


def test_it_ends_with_its_parent() -> None:
    """A parent that is killed cannot stop it; its standard input ends in any case."""
    with subprocess.Popen(
        [sys.executable, "-m", "local_aws.moto_server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
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


def test_objects_are_larger_than_messages(endpoint: str) -> None:
    """S3 takes them whole, and HEAD tells how large they are; both keep the connection."""
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    body = b"x" * (11 << 20)
    try:
        client.create_bucket(Bucket="large-objects")
        client.put_object(Bucket="large-objects", Key="one", Body=body, Metadata={"under_score": "kept"})
        head = client.head_object(Bucket="large-objects", Key="one")
        assert head["ContentLength"] == len(body)
        assert head["Metadata"] == {"under_score": "kept"}
        assert client.get_object(Bucket="large-objects", Key="one")["Body"].read() == body
    finally:
        client.close()


def test_request_that_waits_holds_up_no_other(endpoint: str) -> None:
    """A queue's messages are waited for while tables are read."""
    queues = boto3.client("sqs", endpoint_url=endpoint, region_name="us-east-1")
    tables = boto3.client("dynamodb", endpoint_url=endpoint, region_name="us-east-1")
    try:
        url = queues.create_queue(QueueName="empty")["QueueUrl"]
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(queues.receive_message, QueueUrl=url, WaitTimeSeconds=2)
            time.sleep(0.2)
            for _ in range(3):
                tables.list_tables()
            assert not waiting.done()
            assert "Messages" not in waiting.result()
    finally:
        queues.close()
        tables.close()


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
    cloud = EmbeddedAws(log=log.append)
    with pytest.raises(Exception, match="did not start"):
        await cloud.start()
    await cloud.stop()
