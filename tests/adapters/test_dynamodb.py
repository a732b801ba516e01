"""What the DynamoDB adapters do beyond their port's promises."""

import asyncio
import json
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.dynamodb import DynamoDBConnectionStore, DynamoDBRateLimiter
from adapters.dynamodb.sdk import PynamoDBConnectionStore
from aws_client import JsonClient
from chat_core import LOBBY, Connection, ConnectionClosed, Rate, Unavailable
from local_aws.http_server import Request, Response, serve
from tests.support import dynamodb

A = Connection(id="a", codec="plain")


def through_pynamodb(endpoint: str, table: str) -> PynamoDBConnectionStore:
    return PynamoDBConnectionStore.open(table=table, region="us-east-1", host=endpoint)


@pytest.fixture
def table(moto_endpoint: str) -> str:
    """Return a new table's name."""
    return dynamodb.new_table(moto_endpoint)


@pytest.fixture
def client(moto_endpoint: str) -> Iterator[JsonClient]:
    """Return the client of the store that functions use."""
    with closing(dynamodb.direct_client(moto_endpoint)) as client:
        yield client


@pytest.fixture
def ours(client: JsonClient, table: str) -> DynamoDBConnectionStore:
    """Return the store that functions use."""
    return DynamoDBConnectionStore(client, table=table)


@pytest.mark.parametrize("adapter", ["direct", "through PynamoDB"])
async def test_rows_expire_a_little_after_api_gateway_would_have_ended_the_connection(
    moto_endpoint: str, table: str, ours: DynamoDBConnectionStore, adapter: str
) -> None:
    """A `$disconnect` that never came must not leave rows for good; no living connection may lose its rows."""
    store = ours if adapter == "direct" else through_pynamodb(moto_endpoint, table)
    store._clock = lambda: 1_000_000.9
    await store.join(room=LOBBY, connection=A)
    items = dynamodb.client(moto_endpoint).scan(TableName=table)["Items"]
    assert [int(item["expires_at"]["N"]) for item in items] == [1_000_000 + 8_100] * 2


async def test_rate_of_a_connection_stands_in_its_item_which_expires_soon_after_its_end(
    moto_endpoint: str, table: str, client: JsonClient, ours: DynamoDBConnectionStore
) -> None:
    """A room that everyone has left leaves nothing for good; the plain reference reads past the rate."""
    limiter = DynamoDBRateLimiter(client, table=table, rate=Rate(per_second=0.001, burst=1))
    await ours.join(room=LOBBY, connection=A)
    assert [await limiter.admit(sender=each) for each in ("a", "a", "stranger")] == [True, False, True]
    theirs = through_pynamodb(moto_endpoint, table)
    assert await theirs.find(connection_id="a") == A
    await theirs.join(room=LOBBY, connection=A)
    assert not await limiter.admit(sender="a")
    await ours.remove(connection_ids=["a"])
    (left,) = dynamodb.client(moto_endpoint).scan(TableName=table)["Items"]
    assert left["closed"] == {"BOOL": True}
    assert int(left["expires_at"]["N"]) - time.time() == pytest.approx(60 * 60, abs=60)


async def test_what_one_adapter_writes_the_other_reads(
    moto_endpoint: str, table: str, ours: DynamoDBConnectionStore
) -> None:
    """A stack may change its adapters while clients are connected."""
    theirs = through_pynamodb(moto_endpoint, table)
    for one, other, connection_id in ((ours, theirs, "a"), (theirs, ours, "b")):
        connection = Connection(id=connection_id, codec="plain")
        await one.join(room=LOBBY, connection=connection)
        await one.join(room="other", connection=connection)
        assert await other.find(connection_id=connection_id) == connection
        assert [page.ids async for page in other.recipients(room=LOBBY)] == [{"plain": [connection_id]}]
        await other.remove(connection_ids=[connection_id])
        assert await one.find(connection_id=connection_id) is None
        assert [page async for page in one.recipients(room="other")] == []
        with pytest.raises(ConnectionClosed):
            await one.join(room=LOBBY, connection=connection)


async def test_items_are_the_same_whichever_adapter_wrote_them(
    moto_endpoint: str, table: str, ours: DynamoDBConnectionStore
) -> None:
    """Down to the types of their attributes."""
    joined, removed = [], []
    for store in (ours, through_pynamodb(moto_endpoint, table)):
        store._clock = lambda: 1_000_000.0
        await store.join(room=LOBBY, connection=A)
        joined.append(sorted(items(moto_endpoint, table), key=repr))
        await store.remove(connection_ids=["a", "never"])
        removed.append(sorted(items(moto_endpoint, table), key=repr))
        for item in items(moto_endpoint, table):
            dynamodb.client(moto_endpoint).delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})
    assert joined[0] == joined[1]
    assert removed[0] == removed[1]


def items(endpoint: str, table: str) -> list[dict[str, Any]]:
    """Return every item of the table."""
    found: list[dict[str, Any]] = dynamodb.client(endpoint).scan(TableName=table)["Items"]
    return found


@dataclass
class FakeDynamoDB:
    """Answers operations as told; then with an empty success."""

    url: str = ""
    answers: list[Response] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        self.operations.append(dict(request.headers).get("x-amz-target", "").rpartition(".")[2])
        return self.answers.pop(0) if self.answers else said({})


def said(content: object, status: int = 200, **headers: str) -> Response:
    return Response(status=status, body=json.dumps(content).encode(), headers=tuple(headers.items()))


def fault(code: str, status: int = 400, **headers: str) -> Response:
    return said({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "as told"}, status, **headers)


@asynccontextmanager
async def fake_dynamodb(*answers: Response) -> AsyncIterator[tuple[FakeDynamoDB, DynamoDBConnectionStore]]:
    fake = FakeDynamoDB(answers=list(answers))
    server = await serve(fake.answer, port=0)
    try:
        with closing(dynamodb.direct_client(f"http://127.0.0.1:{server.port}")) as client:
            yield fake, DynamoDBConnectionStore(client, table="t")
    finally:
        server.close()
        await server.wait_closed()


PASSING = [
    fault("ProvisionedThroughputExceededException"),
    fault("ThrottlingException"),
    fault("InternalServerError", 500),
    Response(status=503, body=b"<html>busy</html>"),
    fault("ExpiredTokenException"),
    fault("InvalidSignatureException", Date="Thu, 01 Jan 2026 00:00:00 GMT"),
    Response(status=200, body=b"not JSON"),
    Response(status=200, body=b"{}", headers=(("x-amz-crc32", "1"),)),
    Response(status=200, body=b"{}", headers=(("x-amz-crc32", "9" * 5_000),)),
    Response(status=200, body=b"{}", headers=(("x-amz-crc32", "\xb2"),)),
    Response(status=200, body=b"[" * 200_000),
]


@pytest.mark.parametrize("answer", PASSING, ids=range(len(PASSING)))
async def test_fault_that_passes_is_tried_again(answer: Response) -> None:
    """Every operation may be repeated."""
    async with fake_dynamodb(answer, answer) as (fake, store):
        await store.join(room=LOBBY, connection=A)
        assert fake.operations == ["TransactWriteItems"] * 3


async def test_fault_that_stays_is_unavailable() -> None:
    """After a bounded number of attempts; the reason is kept for the log."""
    async with fake_dynamodb(*[fault("ThrottlingException")] * 20) as (fake, store):
        with pytest.raises(Unavailable) as raised:
            await store.join(room=LOBBY, connection=A)
        assert len(fake.operations) == 4
        assert "ThrottlingException" in str(raised.value.__cause__)


async def test_refusal_is_not_repeated() -> None:
    """A missing permission does not come by itself."""
    async with fake_dynamodb(fault("AccessDeniedException")) as (fake, store):
        with pytest.raises(Unavailable):
            await store.join(room=LOBBY, connection=A)
        assert fake.operations == ["TransactWriteItems"]


def cancelled(*codes: str) -> Response:
    """Answer a transaction as DynamoDB does that has cancelled it (API reference, `TransactWriteItems`)."""
    reasons = [{"Code": code} for code in codes]
    kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
    return said({"__type": kind, "Message": "cancelled", "CancellationReasons": reasons}, 400)


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError"])
async def test_transaction_that_met_another_write_is_tried_again(code: str) -> None:
    """Two functions may write one connection's item at a time."""
    async with fake_dynamodb(cancelled("None", code)) as (fake, store):
        await store.join(room=LOBBY, connection=A)
        assert fake.operations == ["TransactWriteItems"] * 2


async def test_transaction_that_never_succeeds_is_unavailable() -> None:
    """After a bounded number of attempts."""
    async with fake_dynamodb(*[cancelled("TransactionConflict", "None")] * 20) as (fake, store):
        with pytest.raises(Unavailable):
            await store.join(room=LOBBY, connection=A)
        assert 1 < len(fake.operations) < 20


async def test_write_that_meets_a_transaction_is_tried_again() -> None:
    """A removal beside a join: DynamoDB refuses single writes of an item that a transaction holds."""
    async with fake_dynamodb(fault("TransactionConflictException"), said({"Attributes": {}})) as (fake, store):
        await store.remove(connection_ids=["a"])
        assert fake.operations == ["UpdateItem"] * 2


async def test_checksum_of_an_answer_is_checked() -> None:
    """DynamoDB sends one, since TCP's own misses one damaged packet in some millions."""
    body = b'{"Item": {"format": {"S": "json"}}}'
    right = Response(status=200, body=body, headers=(("x-amz-crc32", str(zlib.crc32(body))),))
    async with fake_dynamodb(right) as (fake, store):
        assert await store.find(connection_id="a") == Connection(id="a", codec="json")
        assert fake.operations == ["GetItem"]


async def test_what_a_batch_left_undone_is_asked_for_again() -> None:
    """DynamoDB may take a part of a batch, and calls that a success."""
    closed = said({"Attributes": {"rooms": {"SS": ["lobby"]}, "closed": {"BOOL": True}}})
    key = {"pk": {"S": "room#lobby"}, "sk": {"S": "a"}}
    undeleted = said({"UnprocessedItems": {"t": [{"DeleteRequest": {"Key": key}}]}})
    async with fake_dynamodb(closed, undeleted) as (fake, store):
        await store.remove(connection_ids=["a"])
        assert fake.operations == ["UpdateItem"] + ["BatchWriteItem"] * 2


async def test_what_a_batch_never_does_is_unavailable() -> None:
    """Rather than an endless loop, or a member that stays without anybody knowing."""
    closed = said({"Attributes": {"rooms": {"SS": ["lobby"]}, "closed": {"BOOL": True}}})
    key = {"pk": {"S": "room#lobby"}, "sk": {"S": "a"}}
    undeleted = said({"UnprocessedItems": {"t": [{"DeleteRequest": {"Key": key}}]}})
    async with fake_dynamodb(closed, *[undeleted] * 50) as (_, store):
        with pytest.raises(Unavailable):
            await store.remove(connection_ids=["a"])


async def test_removal_that_broke_off_is_finished_by_the_next_one(ours: DynamoDBConnectionStore) -> None:
    """A process may die between the mark and the deletion; the item keeps the rooms."""
    async with asyncio.timeout(30):
        await ours.join(room=LOBBY, connection=A)
        await ours._close("a", time.monotonic() + 10)
        assert await ours.find(connection_id="a") is None
        await ours.remove(connection_ids=["a"])
        assert [page async for page in ours.recipients(room=LOBBY)] == []


async def test_cancelled_call_leaves_nothing_behind() -> None:
    """And the store can be used again."""
    async with fake_dynamodb() as (_, store):
        calls = [asyncio.create_task(store.join(room=LOBBY, connection=A)) for _ in range(50)]
        await asyncio.sleep(0.001)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        started = time.monotonic()
        await store.join(room=LOBBY, connection=A)
        assert time.monotonic() - started < 2
