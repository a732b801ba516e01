"""What the DynamoDB adapters do beyond their ports' promises."""

import asyncio
import json
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.dynamodb import DynamoDBRateLimiter, DynamoDBSessions
from adapters.dynamodb.feed_updates import MOST_BYTES
from adapters.dynamodb.room_feed import FEED_SECONDS
from aws_client import JsonClient
from chat_core.domain.connection import ClientInfo, Connection, Member, Session
from chat_core.domain.events import MemberJoined, MessagePublished
from chat_core.domain.feed import Joiner, Turn
from chat_core.domain.rate import Rate
from chat_core.domain.room import EVERYONE, LOBBY
from chat_core.domain.room_settings import MAX_HISTORY_SECONDS
from chat_core.errors import ConnectionClosed, RoomBusy, Unavailable
from local_aws.http_server import Request, Response, serve
from tests.support import dynamodb
from tests.support.members import activated, active, everyone, joined, opened, present
from tests.support.rates import Clock
from tests.support.stores import Stores, on_table, through_pynamodb

A = Connection(id="a", codec="plain", user="ada", info={"name": "Ada"})
B = Connection(id="b", codec="rich")
DAY = 24 * 60 * 60


@pytest.fixture
def table(moto_endpoint: str) -> str:
    """Return a new table's name."""
    return dynamodb.new_table(moto_endpoint)


@pytest.fixture
def client(moto_endpoint: str) -> Iterator[JsonClient]:
    """Return the client of the adapters that functions use."""
    with closing(dynamodb.direct_client(moto_endpoint)) as client:
        yield client


@pytest.fixture
def clock() -> Clock:
    """Return the clock of the adapters."""
    return Clock()


@pytest.fixture
def ours(client: JsonClient, moto_endpoint: str, table: str, clock: Clock) -> Stores:
    """Return the adapters that functions use."""
    return on_table(client, moto_endpoint, table, clock)


@pytest.fixture
def theirs(moto_endpoint: str, table: str, clock: Clock) -> Iterator[Stores]:
    """Return the plain reference on PynamoDB, on the same table."""
    with through_pynamodb(moto_endpoint, table, 3, clock) as stores:
        yield stores


def items(endpoint: str, table: str) -> list[dict[str, Any]]:
    """Return every item of the table."""
    found: list[dict[str, Any]] = dynamodb.client(endpoint).scan(TableName=table)["Items"]
    return sorted(found, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def message(data: object = "hi", at: float = 0.0) -> MessagePublished:
    return MessagePublished(room="one", data=data, time=at)


async def live(stores: Stores) -> None:
    """Do everything that a chat does with its table."""
    await opened(stores, B)
    await stores.sessions.open(A, room=LOBBY)
    await stores.sessions.close(["early"])
    await activated(stores, "one", B)
    await joined(stores, "two", B, command=2)
    await joined(stores, "three", B, command=3)
    await stores.subscriptions.miss("one", ["b"], offset=3)
    await stores.subscriptions.leave("three", "b", command=4)
    await stores.subscriptions.leave("never", "b", command=5)
    joiner = Joiner(Member(connection=B, command=2), 0)
    appended = await stores.feed.append("two", None, event_id="i0", holder="h0", joiner=joiner)
    assert appended.turn is not None
    await stores.feed.append("two", message(), event_id="i1", holder="h1")
    turn = await stores.feed.advance(appended.turn, cursor="b", joiners_served=1)
    await stores.feed.note_wake_up("two", at=stores.clock.now + 11)
    following = await stores.feed.finish(turn)
    assert following is not None
    await stores.feed.stream("four")
    await stores.history.record("two", [message(at=stores.clock.now)], epoch="e", ttl=DAY)
    await stores.history.record("two", [message()], epoch="f", ttl=DAY)


@pytest.mark.parametrize("adapters", ["ours", "theirs"])
async def test_everything_in_the_table_expires(
    request: pytest.FixtureRequest, moto_endpoint: str, table: str, clock: Clock, adapters: str
) -> None:
    """A `$disconnect` that never came must not leave items for good; no living connection may lose its items."""
    stores: Stores = request.getfixturevalue(adapters)
    await live(stores)
    ends = {
        (item["pk"]["S"], item["sk"]["S"][0]): int(item["expires_at"]["N"]) - int(clock.now)
        for item in items(moto_endpoint, table)
    }
    # API Gateway ends a connection after two hours.
    lifetime, left = 8_100, 120
    assert ends == {
        ("connection#a", "c"): lifetime,
        ("connection#b", "c"): lifetime,
        ("connection#early", "c"): 3600,
        ("feed#two", "f"): 30 * DAY,
        ("feed#four", "f"): DAY,
        ("log#two", "e"): DAY,
        # It says no time, and counts as one of the day before.
        ("log#two", "f"): 0,
        ("room#*", "b"): lifetime,
        ("room#lobby", "a"): lifetime,
        ("room#never", "b"): left,
        ("room#one", "b"): lifetime,
        ("room#three", "b"): left,
        ("room#two", "b"): lifetime,
    }


async def test_items_are_the_same_whichever_adapter_wrote_them(
    moto_endpoint: str, table: str, ours: Stores, theirs: Stores
) -> None:
    """Down to the types of their attributes, but for names that are drawn."""
    written = []
    for stores in (ours, theirs):
        await live(stores)
        found = items(moto_endpoint, table)
        written.append([{**each, "epoch": None, "closed": None, "accepted_by": None} for each in found])
        for each in found:
            dynamodb.client(moto_endpoint).delete_item(TableName=table, Key={"pk": each["pk"], "sk": each["sk"]})
    assert written[0] == written[1]


async def test_what_one_adapter_writes_the_other_reads(ours: Stores, theirs: Stores) -> None:
    """A stack may change its adapters while clients are connected."""
    for one, other, connection_id in ((ours, theirs, "a"), (theirs, ours, "b")):
        connection = Connection(id=connection_id, codec="rich", user="ada", info=["x"])
        room = f"r{connection_id}"
        await opened(one, connection)
        await activated(one, room, connection)
        assert await other.sessions.find(connection_id) == Session(
            connection=connection, accepted=True, rooms=frozenset({EVERYONE, room})
        )
        assert await active(other, room) == [connection_id]
        assert await present(other, room) == [ClientInfo(user="ada", client=connection_id, conn_info=["x"])]
        appended = await one.feed.append(room, message("m1"), event_id="i1", holder="h1")
        assert (await other.feed.append(room, message("m2"), event_id="i2", holder="h2")).position.offset == 2
        assert appended.turn is not None
        following = await other.feed.finish(appended.turn)
        assert following is not None
        assert await one.feed.finish(following) is None
        kept = MessagePublished(room=room, data="m1", offset=1, time=one.clock.now)
        await one.history.record(room, [kept], epoch="e", ttl=DAY)
        assert list(await other.history.read(room, epoch="e", first=1, last=9, limit=9)) == [kept]
        await other.sessions.close([connection_id])
        assert await everyone(one, room) == []
        with pytest.raises(ConnectionClosed):
            await one.sessions.open(connection)


async def test_rate_of_a_connection_stands_in_its_item_which_expires_soon_after_its_end(
    moto_endpoint: str, table: str, client: JsonClient, ours: Stores, theirs: Stores
) -> None:
    """A chat that everyone has left leaves nothing for good; the plain reference reads past the rate."""
    rate = Rate(per_second=0.001, burst=1)
    limiter = DynamoDBRateLimiter(client, table=table, rate=rate, clock=ours.clock)
    await ours.sessions.open(A, room=LOBBY)
    assert [await limiter.admit(sender=each) for each in ("a", "a", "stranger")] == [True, False, True]
    found = await theirs.sessions.find("a")
    assert found is not None
    assert found.connection == A
    await theirs.sessions.open(A, room=LOBBY)
    assert not await limiter.admit(sender="a")
    await ours.sessions.close(["a"])
    (left,) = items(moto_endpoint, table)
    assert left["closed"]["S"]
    assert int(left["expires_at"]["N"]) == int(ours.clock.now) + 3600


async def test_what_has_expired_and_is_not_deleted_yet_is_not_there(ours: Stores, theirs: Stores, clock: Clock) -> None:
    """DynamoDB deletes some days late."""
    await opened(ours, B)
    await activated(ours, "one", B)
    clock.now += 8_100
    for stores in (ours, theirs):
        assert await stores.sessions.find("b") is None
        assert await everyone(stores, "one") == []
        assert await present(stores, "one") == []


def test_feed_lives_as_long_as_any_history() -> None:
    """Without its feed, which has the epoch and the top, a history cannot be read."""
    assert MAX_HISTORY_SECONDS <= FEED_SECONDS


async def test_feed_that_has_expired_begins_a_new_stream(ours: Stores, theirs: Stores, clock: Clock) -> None:
    """With another epoch, so that nobody takes it for the earlier one; what was left on the feed is gone with it."""
    for stores in (ours, theirs):
        first = await stores.feed.append("one", message(), event_id="i1", holder="h1")
        clock.now += 30 * DAY
        assert await stores.feed.take("one", holder="h2") is None
        again = await stores.feed.append("one", message(), event_id="i3", holder="h3")
        assert again.position.epoch != first.position.epoch
        assert again.position.offset == 1
        assert again.turn is not None
        assert len(again.turn.events) == 1
        clock.now += 30 * DAY
        assert (await stores.feed.stream("one")).top.offset == 0


async def test_feed_that_is_used_without_messages_lives_on(ours: Stores, clock: Clock) -> None:
    """By those who join and leave."""
    epoch = (await ours.feed.stream("one")).top.epoch
    joining = MemberJoined(room="one", member=ClientInfo(user="", client="a"))
    for at in range(4):
        clock.now += 20 * 60 * 60
        appended = await ours.feed.append("one", joining, event_id=f"i{at}", holder=f"h{at}")
        assert appended.position.epoch == epoch
        assert appended.turn is not None
        assert await ours.feed.finish(appended.turn) is None
        clock.now += 20 * 60 * 60
        assert (await ours.feed.stream("one")).top.epoch == epoch


async def test_reading_a_room_deletes_what_is_left_of_memberships(
    moto_endpoint: str, table: str, ours: Stores, clock: Clock
) -> None:
    """Every message would pay for reading it for days; within a minute it is needed."""
    await opened(ours, B)
    await activated(ours, "one", B)
    for at in range(105):
        await ours.subscriptions.leave("one", f"c{at}", command=1)

    def left() -> int:
        return sum(item["pk"]["S"] == "room#one" for item in items(moto_endpoint, table))

    clock.now += 59
    assert await active(ours, "one") == ["b"]
    assert left() == 106
    clock.now += 10
    assert await active(ours, "one") == ["b"]
    assert left() == 6
    assert await active(ours, "one") == ["b"]
    assert left() == 1


async def test_close_that_broke_off_is_finished_by_the_next_one(ours: Stores) -> None:
    """A process may die between the mark and the deletion; the item keeps the rooms."""
    await ours.sessions.open(A, room=LOBBY)
    assert isinstance(ours.sessions, DynamoDBSessions)
    await ours.sessions._mark("a", "a process that died", time.monotonic() + 10)
    assert await ours.sessions.find("a") is None
    assert await active(ours, LOBBY) == ["a"]
    assert list(await ours.sessions.close(["a"])) == []
    assert await active(ours, LOBBY) == []


async def test_items_of_the_version_before_are_read(moto_endpoint: str, table: str, ours: Stores) -> None:
    """Its connections stay for two hours after a new version is deployed."""
    api = dynamodb.client(moto_endpoint)
    common = {"format": {"S": "plain"}, "expires_at": {"N": str(int(ours.clock.now) + 3600)}}
    member = {"pk": {"S": "room#lobby"}, "sk": {"S": "a"}}
    connection = {"pk": {"S": "connection#a"}, "sk": {"S": "connection"}, "rooms": {"SS": ["lobby"]}}
    for each in (member, connection):
        api.put_item(TableName=table, Item=each | common)
    session = Session(connection=Connection(id="a", codec="plain"), accepted=True, rooms=frozenset({LOBBY}))
    assert await ours.sessions.find("a") == session
    assert await active(ours, LOBBY) == ["a"]
    await ours.subscriptions.miss(LOBBY, ["a"], offset=1)
    assert await ours.subscriptions.leave(LOBBY, "never", command=1) is None
    assert list(await ours.sessions.close(["a"])) == [session]
    assert await everyone(ours, LOBBY) == []


async def test_feed_takes_so_many_bytes(ours: Stores) -> None:
    """An item has 400 KB at most, and every append pays for all of it."""
    large = "ü" * (MOST_BYTES // 8)
    appended = await ours.feed.append("one", message(large), event_id="i0", holder="h0")
    for at in range(1, 3):
        await ours.feed.append("one", message(large), event_id=f"i{at}", holder=f"h{at}")
    with pytest.raises(RoomBusy):
        await ours.feed.append("one", message(large), event_id="i3", holder="h3")
    await ours.feed.append("one", message("small"), event_id="i4", holder="h4")
    turn: Turn | None = appended.turn
    while turn:
        turn = await ours.feed.finish(turn)
    assert (await ours.feed.append("one", message(large), event_id="i3", holder="h3")).position.offset == 5


async def test_large_round_is_put_aside_while_it_is_delivered(
    moto_endpoint: str, table: str, ours: Stores, clock: Clock
) -> None:
    """What is appended meanwhile does not pay for it, and whoever takes the round over finds it."""
    appended = await ours.feed.append("one", message("first"), event_id="i", holder="h")
    for at in range(20):
        await ours.feed.append("one", message("x" * 200), event_id=f"i{at}", holder=f"h{at}")
    assert appended.turn is not None
    turn = await ours.feed.finish(appended.turn)
    assert turn is not None
    feed, aside = items(moto_endpoint, table)
    assert len(json.dumps(feed)) < 2_000 < len(json.dumps(aside))
    assert int(aside["expires_at"]["N"]) == int(clock.now) + 4 * DAY
    assert len((await ours.feed.stream("one")).pending) == 20
    await ours.feed.advance(turn, cursor="c", joiners_served=0)
    clock.now += 10
    taken = await ours.feed.take("one", holder="other")
    assert isinstance(taken, Turn)
    assert (list(taken.events), taken.cursor, taken.delivered) == (list(turn.events), "c", 1)
    assert await ours.feed.finish(taken) is None
    assert list((await ours.feed.stream("one")).pending) == []


async def test_ids_of_the_last_appends_are_few(moto_endpoint: str, table: str, ours: Stores) -> None:
    """Each append pays for them; those of the last 32 are enough for an answer that was lost."""
    for at in range(100):
        turn: Turn | None = (await ours.feed.append("one", message(), event_id=f"i{at}", holder=f"h{at}")).turn
        while turn:
            turn = await ours.feed.finish(turn)
    for at in range(68, 100):
        again = await ours.feed.append("one", message(), event_id=f"i{at}", holder=f"h{at}")
        assert again.position.offset == at + 1
    (feed,) = items(moto_endpoint, table)
    assert 32 <= len(feed["ids"]["L"]) + len(feed["old_ids"]["L"]) <= 65
    assert len(json.dumps(feed)) < 3_000


class CountingClient(JsonClient):
    """Keeps the names of the operations that it was asked for."""

    operations: list[str]

    async def call(self, operation: str, request: Any, **more: Any) -> Any:
        self.operations.append(operation)
        return await super().call(operation, request, **more)


async def test_requests_of_a_message_are_few(moto_endpoint: str, table: str, clock: Clock) -> None:
    """One before the first post, and one at the end, or two if more has come; none of them reads the whole table."""
    with closing(dynamodb.client_of_kind(CountingClient, moto_endpoint)) as client:
        client.operations = []
        stores = on_table(client, moto_endpoint, table, clock)
        await stores.feed.stream("one")
        client.operations.clear()
        appended = await stores.feed.append("one", message(), event_id="i1", holder="h1")
        assert client.operations == ["UpdateItem"]
        assert appended.turn is not None
        assert await stores.feed.finish(appended.turn) is None
        assert client.operations == ["UpdateItem"] * 2
        await live(stores)
        await everyone(stores, "one")
        await present(stores, "one")
        await stores.history.read("two", epoch="e", first=1, last=9, limit=9)
        await stores.history.clear("two")
        assert set(client.operations) == {
            "BatchWriteItem",
            "GetItem",
            "PutItem",
            "Query",
            "TransactWriteItems",
            "UpdateItem",
        }


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
async def fake_dynamodb(*answers: Response) -> AsyncIterator[tuple[FakeDynamoDB, DynamoDBSessions]]:
    fake = FakeDynamoDB(answers=list(answers))
    server = await serve(fake.answer, port=0)
    try:
        with closing(dynamodb.direct_client(f"http://127.0.0.1:{server.port}")) as client:
            yield fake, DynamoDBSessions(client, table="t")
    finally:
        server.close()
        await server.wait_closed()


CLOSED = {"closed": {"S": "somebody"}, "expires_at": {"N": "9999999999"}}

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
    async with fake_dynamodb(answer, answer) as (fake, sessions):
        await sessions.open(A, room=LOBBY)
        assert fake.operations == ["TransactWriteItems"] * 3


async def test_fault_that_stays_is_unavailable() -> None:
    """After a bounded number of attempts; the reason is kept for the log."""
    async with fake_dynamodb(*[fault("ThrottlingException")] * 20) as (fake, sessions):
        with pytest.raises(Unavailable) as raised:
            await sessions.open(A, room=LOBBY)
        assert len(fake.operations) == 4
        assert "ThrottlingException" in str(raised.value.__cause__)


async def test_refusal_is_not_repeated() -> None:
    """A missing permission does not come by itself."""
    async with fake_dynamodb(fault("AccessDeniedException")) as (fake, sessions):
        with pytest.raises(Unavailable):
            await sessions.open(A, room=LOBBY)
        assert fake.operations == ["TransactWriteItems"]


def cancelled(*codes: str) -> Response:
    """Answer a transaction as DynamoDB does that has cancelled it (API reference, `TransactWriteItems`)."""
    reasons = [{"Code": code} for code in codes]
    kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
    return said({"__type": kind, "Message": "cancelled", "CancellationReasons": reasons}, 400)


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError"])
async def test_transaction_that_met_another_write_is_tried_again(code: str) -> None:
    """Two functions may write one connection's item at a time."""
    async with fake_dynamodb(cancelled("None", code)) as (fake, sessions):
        await sessions.open(A, room=LOBBY)
        assert fake.operations == ["TransactWriteItems"] * 2


async def test_transaction_that_never_succeeds_is_unavailable() -> None:
    """After a bounded number of attempts."""
    async with fake_dynamodb(*[cancelled("TransactionConflict", "None")] * 20) as (fake, sessions):
        with pytest.raises(Unavailable):
            await sessions.open(A, room=LOBBY)
        assert 1 < len(fake.operations) < 20


async def test_write_that_meets_a_transaction_is_tried_again() -> None:
    """A removal beside a join: DynamoDB refuses single writes of an item that a transaction holds."""
    async with fake_dynamodb(fault("TransactionConflictException"), said({"Attributes": CLOSED})) as (fake, sessions):
        await sessions.close(["a"])
        assert fake.operations == ["UpdateItem"] * 2


async def test_checksum_of_an_answer_is_checked() -> None:
    """DynamoDB sends one, since TCP's own misses one damaged packet in some millions."""
    body = b'{"Item": {"format": {"S": "json"}, "expires_at": {"N": "9999999999"}}}'
    right = Response(status=200, body=body, headers=(("x-amz-crc32", str(zlib.crc32(body))),))
    async with fake_dynamodb(right) as (fake, sessions):
        found = await sessions.find("a")
        assert found is not None
        assert found.connection == Connection(id="a", codec="json")
        assert fake.operations == ["GetItem"]


async def test_what_a_batch_left_undone_is_asked_for_again() -> None:
    """DynamoDB may take a part of a batch, and calls that a success."""
    closed = said({"Attributes": CLOSED | {"rooms": {"M": {"lobby": {"N": "0"}}}}})
    key = {"pk": {"S": "room#lobby"}, "sk": {"S": "a"}}
    undeleted = said({"UnprocessedItems": {"t": [{"DeleteRequest": {"Key": key}}]}})
    async with fake_dynamodb(closed, undeleted) as (fake, sessions):
        await sessions.close(["a"])
        assert fake.operations == ["UpdateItem"] + ["BatchWriteItem"] * 2


async def test_what_a_batch_never_does_is_unavailable() -> None:
    """Rather than an endless loop, or a member that stays without anybody knowing."""
    closed = said({"Attributes": CLOSED | {"rooms": {"M": {"lobby": {"N": "0"}}}}})
    key = {"pk": {"S": "room#lobby"}, "sk": {"S": "a"}}
    undeleted = said({"UnprocessedItems": {"t": [{"DeleteRequest": {"Key": key}}]}})
    async with fake_dynamodb(closed, *[undeleted] * 50) as (_, sessions):
        with pytest.raises(Unavailable):
            await sessions.close(["a"])


async def test_cancelled_call_leaves_nothing_behind() -> None:
    """And the store can be used again."""
    async with fake_dynamodb() as (_, sessions):
        calls = [asyncio.create_task(sessions.open(A, room=LOBBY)) for _ in range(50)]
        await asyncio.sleep(0.001)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        started = time.monotonic()
        await sessions.open(A, room=LOBBY)
        assert time.monotonic() - started < 2
