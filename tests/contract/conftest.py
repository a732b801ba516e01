"""The adapters that each port's contract is held against."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.dynamodb import DynamoDBRateLimiter, DynamoDBSessions
from adapters.jwt import JsonWebKeySet, JwtTokenVerifier, SharedSecret
from adapters.memory import MemoryRateLimiter, MemoryTokenVerifier, MemoryWakeUps
from adapters.sqs import SqsLease, SqsWakeUps, read_wake_up
from chat_core.domain.connection import Connection
from chat_core.domain.principal import Principal
from chat_core.ports import (
    Audience,
    Lease,
    RateLimiter,
    RoomFeed,
    RoomHistory,
    RoomPresence,
    Sessions,
    Subscriptions,
    TokenVerifier,
    WakeUps,
)
from tests.support import dynamodb, sqs, tokens
from tests.support.rates import RATE, Clock
from tests.support.silent_server import silent_server
from tests.support.sinks import WORLDS, World
from tests.support.stores import MAKE, ON_DYNAMODB_LOCAL, ON_MOTO, MakeStores, Stores, in_memory


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of every adapter that is not in memory: they need servers, or addresses where none answers."""
    for item in items:
        if item.path.parent == Path(__file__).parent and "memory" not in item.name.lower():
            item.add_marker("outside")


@pytest.fixture(scope="session")
def dynamodb_local_endpoint() -> Iterator[str]:
    """Start AWS's own DynamoDB Local; return its URL."""
    if reason := dynamodb.dynamodb_local_is_missing():
        pytest.skip(reason)
    with dynamodb.dynamodb_local() as endpoint:
        yield endpoint


ENDPOINTS = {"moto": "moto_endpoint", "DynamoDB Local": "dynamodb_local_endpoint"}


@pytest.fixture
def clock() -> Clock:
    """Return the clock of the adapters, which a test sets."""
    return Clock()


STORES: dict[str, tuple[str, MakeStores]] = {
    f"{on} {how}": (on, make)
    for on, makes in {"moto": ON_MOTO, "DynamoDB Local": ON_DYNAMODB_LOCAL}.items()
    for how, make in makes.items()
}


@pytest.fixture(params=["memory", *STORES])
async def stores(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[Stores]:
    """Return the stores of each kind, empty."""
    if request.param == "memory":
        yield in_memory(clock)
        return
    on, make = STORES[request.param]
    endpoint: str = request.getfixturevalue(ENDPOINTS[on])
    with make(endpoint, dynamodb.new_table(endpoint), 3, clock) as on_dynamodb:
        yield on_dynamodb


@pytest.fixture
def sessions(stores: Stores) -> Sessions:
    """Return the sessions alone."""
    return stores.sessions


@pytest.fixture
def subscriptions(stores: Stores) -> Subscriptions:
    """Return the subscriptions alone."""
    return stores.subscriptions


@pytest.fixture
def audience(stores: Stores) -> Audience:
    """Return the audience alone."""
    return stores.audience


@pytest.fixture
def presence(stores: Stores) -> RoomPresence:
    """Return the presence alone."""
    return stores.presence


@pytest.fixture
def feed(stores: Stores) -> RoomFeed:
    """Return the feeds alone."""
    return stores.feed


@pytest.fixture
def history(stores: Stores) -> RoomHistory:
    """Return the history alone."""
    return stores.history


@pytest.fixture(params=[(how, make) for how in ("endpoint", "table") for make in MAKE], ids=" ".join)
async def broken_stores(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[Stores]:
    """Return the stores of each kind that can fail, without their endpoint or their table; the memory's cannot."""
    missing, make = request.param
    endpoint = "http://127.0.0.1:9"  # the discard port, where nothing listens
    if missing == "table":
        endpoint = request.getfixturevalue("moto_endpoint")
    with MAKE[make](endpoint, "no-such-table", 0, clock) as stores:
        yield stores


@pytest.fixture(params=MAKE)
async def hanging_stores(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[Stores]:
    """Return the stores of each kind that can hang; the memory's cannot."""
    with silent_server() as endpoint, MAKE[request.param](endpoint, "t", 0, clock) as stores:
        yield stores


@pytest.fixture(params=WORLDS)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Return a sink of each kind, with connections to deliver to."""
    async with WORLDS[request.param]() as world:
        yield world


@pytest.fixture(params=["memory", *ENDPOINTS])
async def limiters(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[tuple[RateLimiter, RateLimiter]]:
    """Return two limiters of each kind that count together, as two functions do; nobody has sent anything."""
    if request.param == "memory":
        in_memory = MemoryRateLimiter(RATE, clock=clock)
        yield in_memory, in_memory
        return
    endpoint: str = request.getfixturevalue(ENDPOINTS[request.param])
    table = dynamodb.new_table(endpoint)
    with closing(dynamodb.direct_client(endpoint)) as client:
        sessions = DynamoDBSessions(client, table=table)
        for each in ("a", "b"):
            await sessions.open(Connection(id=each, codec="plain"))
        one, other = (DynamoDBRateLimiter(client, table=table, rate=RATE, clock=clock) for _ in range(2))
        yield one, other


@pytest.fixture
def limiter(limiters: tuple[RateLimiter, RateLimiter]) -> RateLimiter:
    """Return one of the two."""
    return limiters[0]


@pytest.fixture
def other(limiters: tuple[RateLimiter, RateLimiter]) -> RateLimiter:
    """Return the other one."""
    return limiters[1]


@pytest.fixture
async def broken_limiter() -> AsyncIterator[RateLimiter]:
    """Return a limiter whose table cannot be reached."""
    with closing(dynamodb.direct_client("http://127.0.0.1:9", retries=0)) as client:
        yield DynamoDBRateLimiter(client, table="t", rate=RATE)


@pytest.fixture
async def hanging_limiter() -> AsyncIterator[RateLimiter]:
    """Return a limiter whose table does not answer."""
    with silent_server() as endpoint, closing(dynamodb.direct_client(endpoint)) as client:
        yield DynamoDBRateLimiter(client, table="t", rate=RATE)


WakeUpsAndTake = tuple[WakeUps, Callable[[], list[str]]]


@pytest.fixture(params=["memory", "SQS"])
async def wake_ups_and_take(request: pytest.FixtureRequest) -> AsyncIterator[WakeUpsAndTake]:
    """Return a queue of each kind without wake-ups, and what takes the rooms out of it for which one has come."""
    if request.param == "memory":
        queue = MemoryWakeUps()
        yield queue, lambda: [queue.waiting.popleft()[0] for _ in range(len(queue.waiting))]
        return
    endpoint: str = request.getfixturevalue("moto_endpoint")
    url = sqs.create_queue(endpoint)
    with closing(sqs.direct_client(endpoint)) as client:
        yield SqsWakeUps(client, url=url), lambda: [read_wake_up(body) for body in sqs.take_all(endpoint, url)]


@pytest.fixture
async def broken_wake_ups() -> AsyncIterator[WakeUps]:
    """Return wake-ups whose queue cannot be reached."""
    with closing(sqs.direct_client("http://127.0.0.1:9")) as client:
        yield SqsWakeUps(client, url="http://127.0.0.1:9/queue")


@pytest.fixture
async def hanging_wake_ups() -> AsyncIterator[WakeUps]:
    """Return wake-ups whose queue does not answer."""
    with silent_server() as endpoint, closing(sqs.direct_client(endpoint)) as client:
        yield SqsWakeUps(client, url=f"{endpoint}/queue")


@pytest.fixture
async def lease_and_others(moto_endpoint: str) -> AsyncIterator[tuple[Lease, Callable[[float], bool]]]:
    """Return a lease of two seconds, and what another worker does that waits so many seconds for the job."""
    url = sqs.create_queue(moto_endpoint)
    api = sqs.client(moto_endpoint)
    api.send_message(QueueUrl=url, MessageBody="job")
    (message,) = api.receive_message(QueueUrl=url, VisibilityTimeout=1)["Messages"]

    def another_can_take_it(seconds: float) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if api.receive_message(QueueUrl=url).get("Messages"):
                return True
            time.sleep(0.1)
        return False

    with closing(sqs.direct_client(moto_endpoint)) as client:
        yield SqsLease(client, url=url, receipt_handle=message["ReceiptHandle"], seconds=2), another_can_take_it


@pytest.fixture
async def broken_lease() -> AsyncIterator[Lease]:
    """Return a lease whose queue cannot be reached."""
    with closing(sqs.direct_client("http://127.0.0.1:9")) as client:
        yield SqsLease(client, url="http://127.0.0.1:9/queue", receipt_handle="r", seconds=2)


@pytest.fixture
async def hanging_lease() -> AsyncIterator[Lease]:
    """Return a lease whose queue does not answer."""
    with silent_server() as endpoint, closing(sqs.direct_client(endpoint)) as client:
        yield SqsLease(client, url=f"{endpoint}/queue", receipt_handle="r", seconds=2)


async def _hang() -> bytes:
    await asyncio.Event().wait()
    return b""


@pytest.fixture(params=[(SharedSecret, tokens.hs256), (JsonWebKeySet, tokens.rs256)], ids=["HS256", "RS256"])
def hanging_verifier_and_issue(request: pytest.FixtureRequest) -> tuple[TokenVerifier, Callable[[], str]]:
    """Return a verifier of each kind that can hang, whose keys do not come, and how to issue a token for it."""
    keys, issue = request.param
    return JwtTokenVerifier(keys(_hang)), issue


VERIFIERS: dict[str, Callable[[], tuple[TokenVerifier, Callable[[], str]]]] = {
    "memory": lambda: (MemoryTokenVerifier({"token": Principal(id="ada")}), lambda: "token"),
    "HS256": lambda: (JwtTokenVerifier(SharedSecret(tokens.fetching(tokens.SECRET.encode))), tokens.hs256),
    "RS256": lambda: (
        JwtTokenVerifier(JsonWebKeySet(tokens.fetching(tokens.KeyServer(keys=[tokens.public_rsa()]).body))),
        tokens.rs256,
    ),
}


@pytest.fixture(params=VERIFIERS)
def verifier_and_issue(request: pytest.FixtureRequest) -> tuple[TokenVerifier, Callable[[], str]]:
    """Return a verifier of each kind, and how to issue a token that it takes."""
    return VERIFIERS[request.param]()
