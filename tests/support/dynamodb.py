"""The chat's table on moto, or on AWS's DynamoDB Local if that is installed."""

import json
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import boto3
from cfnlint.decode import decode

from adapters.dynamodb import dynamodb_client
from aws_client import Credentials, JsonClient

C = TypeVar("C", bound=JsonClient)

REPOSITORY = Path(__file__).parents[2]
LAUNCHER = Path(__file__).parent / "DynamoDBLocalOnLoopback.java"
JARS = Path(os.environ.get("DYNAMODB_LOCAL", REPOSITORY / ".cache" / "dynamodb-local"))


def dynamodb_local_is_missing() -> str | None:
    """Return what is missing to run DynamoDB Local, or None if nothing is."""
    if not shutil.which("javac"):
        return "DynamoDB Local needs a JDK, 17 or newer"
    if not list(JARS.glob("DynamoDBLocal-*.jar")):
        return "no DynamoDB Local in .cache: `make dynamodb-local` brings it from Maven Central"
    return None


@contextmanager
def dynamodb_local() -> Iterator[str]:
    """Run DynamoDB Local in memory; yield its URL."""
    port = _free_port()
    java = ["java", f"-Djava.library.path={JARS}", "-cp", f"{JARS}/*", str(LAUNCHER)]
    options = ["-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)]
    with subprocess.Popen(
        [*java, *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_until_open(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def client(endpoint: str) -> Any:
    """Return a DynamoDB client for the endpoint."""
    return boto3.client(
        "dynamodb", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="AKID", aws_secret_access_key="x"
    )


def direct_client(endpoint: str, *, retries: int = 3) -> JsonClient:
    """Return a client of `aws_client` for the endpoint."""
    return dynamodb_client(
        region="us-east-1", credentials=lambda: Credentials("AKID", "secret"), url=endpoint, retries=retries
    )


def client_of_kind(kind: type[C], endpoint: str, *, retries: int = 3) -> C:
    """Return a client of a class that is made from `JsonClient`."""
    return kind(
        service="dynamodb",
        target="DynamoDB_20120810",
        region="us-east-1",
        credentials=lambda: Credentials("AKID", "secret"),
        url=endpoint,
        retries=retries,
    )


def new_table(endpoint: str) -> str:
    """Create a table with a new name; return the name."""
    name = f"connections-{uuid.uuid4().hex[:8]}"
    create_table(endpoint, name)
    return name


def create_table(endpoint: str, name: str) -> None:
    """Create the table with the keys of the storage template."""
    template, _ = decode(str(REPOSITORY / "infrastructure" / "storage.yaml"))
    tables = [each for each in template["Resources"].values() if each["Type"] == "AWS::DynamoDB::Table"]
    properties = json.loads(json.dumps(tables[0]["Properties"]))
    wanted = {key: properties[key] for key in ("AttributeDefinitions", "KeySchema", "BillingMode")}
    client(endpoint).create_table(TableName=name, **wanted)


def fill(endpoint: str, table: str, ids: Sequence[str], *, padding: int = 1_000, now: float | None = None) -> None:
    """Put connections into the lobby, each with this many bytes of padding: a page of DynamoDB is 1 MB.

    They expire an hour after `now`, which is in seconds since the epoch.
    """
    expires_at = int(time.time() if now is None else now) + 3600
    _put(endpoint, table, [item for each in ids for item in _items(each, padding, expires_at)])


def fill_room(endpoint: str, table: str, ids: Sequence[str]) -> None:
    """Put members into the lobby, without their connections' items, which deliveries do not need."""
    common = {"format": {"S": "plain"}, "expires_at": {"N": str(int(time.time()) + 3600)}}
    _put(endpoint, table, [{"pk": {"S": "room#lobby"}, "sk": {"S": each}} | common for each in ids])


def connection_item(connection_id: str, expires_at: int | None = None, *, rooms: Sequence[str] = ()) -> dict[str, Any]:
    """Return the item of a plain client's connection, which expires in an hour if nothing else is said."""
    return {
        "pk": {"S": f"connection#{connection_id}"},
        "sk": {"S": "connection"},
        "format": {"S": "plain"},
        "accepted": {"BOOL": True},
        "rooms": {"M": {room: {"N": "0"} for room in rooms}},
        "expires_at": {"N": str(int(time.time()) + 3600 if expires_at is None else expires_at)},
    }


def _put(endpoint: str, table: str, items: Sequence[dict[str, Any]]) -> None:
    api = client(endpoint)
    for start in range(0, len(items), 25):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        assert not api.batch_write_item(RequestItems={table: puts})["UnprocessedItems"]


def _items(connection_id: str, padding: int, expires_at: int) -> list[dict[str, Any]]:
    common = {"format": {"S": "plain"}, "expires_at": {"N": str(expires_at)}}
    member = {"pk": {"S": "room#lobby"}, "sk": {"S": connection_id}, "padding": {"S": "x" * padding}}
    return [member | common, connection_item(connection_id, expires_at, rooms=["lobby"])]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_open(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError("DynamoDB Local did not start")
