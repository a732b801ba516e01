"""The adapters that each port's contract is held against."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from adapters.dynamodb import DynamoDBCheckpointStore, DynamoDBConnectionStore, DynamoDBRateLimiter
from adapters.dynamodb.sdk import PynamoDBConnectionStore
from adapters.jwt import JsonWebKeySet, JwtTokenVerifier, SharedSecret
from adapters.memory import (
    MemoryCheckpointStore,
    MemoryConnectionStore,
    MemoryJobQueue,
    MemoryRateLimiter,
    MemoryTokenVerifier,
)
from adapters.sqs import SqsJobQueue, SqsLease, read_job
from chat_core import (
    LOBBY,
    CheckpointStore,
    Connection,
    ConnectionStore,
    DeliveryJob,
    JobQueue,
    Lease,
    Principal,
    RateLimiter,
    TokenVerifier,
)
from tests.support import dynamodb, sqs, tokens
from tests.support.rates import RATE, Clock
from tests.support.silent_server import silent_server
from tests.support.sinks import WORLDS, World


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of every adapter that is not in memory: they need servers, or addresses where none answers."""
    for item in items:
        if item.path.parent == Path(__file__).parent and "memory" not in item.name.lower():
            item.add_marker("outside")


Fill = Callable[[Sequence[str]], Awaitable[None]]
"""Puts plain connections into the lobby, about a thousand to a page."""


@pytest.fixture(scope="session")
def dynamodb_local_endpoint() -> Iterator[str]:
    """Start AWS's own DynamoDB Local; return its URL."""
    if reason := dynamodb.dynamodb_local_is_missing():
        pytest.skip(reason)
    with dynamodb.dynamodb_local() as endpoint:
        yield endpoint


MakeStore = Callable[[str, str, int], AbstractContextManager[ConnectionStore]]
"""Makes a store of one kind, given an endpoint, a table and how often to repeat a request."""


@contextmanager
def pynamodb_store(endpoint: str, table: str, retries: int) -> Iterator[ConnectionStore]:
    yield PynamoDBConnectionStore.open(table=table, region="us-east-1", host=endpoint, retries=retries)


@contextmanager
def direct_store(endpoint: str, table: str, retries: int) -> Iterator[ConnectionStore]:
    with closing(dynamodb.direct_client(endpoint, retries=retries)) as client:
        yield DynamoDBConnectionStore(client, table=table)


MAKE: dict[str, MakeStore] = {"directly": direct_store, "through PynamoDB": pynamodb_store}
ENDPOINTS = {"moto": "moto_endpoint", "DynamoDB Local": "dynamodb_local_endpoint"}


@pytest.fixture(params=["memory", *(f"{endpoint} {make}" for endpoint in ENDPOINTS for make in MAKE)])
async def store_and_fill(request: pytest.FixtureRequest) -> AsyncIterator[tuple[ConnectionStore, Fill]]:
    """Return an empty store of each kind, and how to fill it in bulk."""
    if request.param == "memory":
        store = MemoryConnectionStore(page_size=1000)
        yield store, lambda ids: _join_all(store, ids)
        return
    on = next(each for each in ENDPOINTS if request.param.startswith(each))
    endpoint: str = request.getfixturevalue(ENDPOINTS[on])
    table = dynamodb.new_table(endpoint)
    with MAKE[request.param.removeprefix(on).strip()](endpoint, table, 3) as on_dynamodb:
        # In bulk, past the adapter.
        yield on_dynamodb, lambda ids: asyncio.to_thread(dynamodb.fill, endpoint, table, ids)


async def _join_all(store: ConnectionStore, ids: Sequence[str]) -> None:
    for each in ids:
        await store.join(room=LOBBY, connection=Connection(id=each, codec="plain"))


@pytest.fixture
def store(store_and_fill: tuple[ConnectionStore, Fill]) -> ConnectionStore:
    """Return the store alone."""
    return store_and_fill[0]


@pytest.fixture
def fill(store_and_fill: tuple[ConnectionStore, Fill]) -> Fill:
    """Return how to fill it."""
    return store_and_fill[1]


@pytest.fixture(params=[(how, make) for how in ("endpoint", "table") for make in MAKE], ids=" ".join)
async def broken_store(request: pytest.FixtureRequest) -> AsyncIterator[ConnectionStore]:
    """Return a store of each kind that can fail, without its endpoint or its table; the memory's cannot."""
    missing, make = request.param
    endpoint = "http://127.0.0.1:9"  # the discard port, where nothing listens
    if missing == "table":
        endpoint = request.getfixturevalue("moto_endpoint")
    with MAKE[make](endpoint, "no-such-table", 0) as store:
        yield store


@pytest.fixture(params=MAKE)
async def hanging_store(request: pytest.FixtureRequest) -> AsyncIterator[ConnectionStore]:
    """Return a store of each kind that can hang; the memory's cannot."""
    with silent_server() as endpoint, MAKE[request.param](endpoint, "t", 0) as store:
        yield store


@pytest.fixture(params=WORLDS)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Return a sink of each kind, with connections to deliver to."""
    async with WORLDS[request.param]() as world:
        yield world


@pytest.fixture(params=["memory", *ENDPOINTS])
async def checkpoints(request: pytest.FixtureRequest) -> AsyncIterator[CheckpointStore]:
    """Return an empty checkpoint store of each kind."""
    if request.param == "memory":
        yield MemoryCheckpointStore()
        return
    endpoint: str = request.getfixturevalue(ENDPOINTS[request.param])
    table = dynamodb.new_table(endpoint)
    with closing(dynamodb.direct_client(endpoint)) as client:
        yield DynamoDBCheckpointStore(client, table=table)


@pytest.fixture
async def broken_checkpoints() -> AsyncIterator[CheckpointStore]:
    """Return a checkpoint store that cannot be reached."""
    with closing(dynamodb.direct_client("http://127.0.0.1:9", retries=0)) as client:
        yield DynamoDBCheckpointStore(client, table="t")


@pytest.fixture
async def hanging_checkpoints() -> AsyncIterator[CheckpointStore]:
    """Return a checkpoint store whose table does not answer."""
    with silent_server() as endpoint, closing(dynamodb.direct_client(endpoint)) as client:
        yield DynamoDBCheckpointStore(client, table="t")


@pytest.fixture
def clock() -> Clock:
    """Return the clock of the limiters."""
    return Clock()


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
        store = DynamoDBConnectionStore(client, table=table)
        for each in ("a", "b"):
            await store.join(room=LOBBY, connection=Connection(id=each, codec="plain"))
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


QueueAndTake = tuple[JobQueue, Callable[[], list[DeliveryJob]]]


@pytest.fixture(params=["memory", "SQS"])
async def queue_and_take(request: pytest.FixtureRequest) -> AsyncIterator[QueueAndTake]:
    """Return an empty queue of each kind, and what takes everything out of it."""
    if request.param == "memory":
        queue = MemoryJobQueue()
        yield queue, lambda: [queue.waiting.popleft() for _ in range(len(queue.waiting))]
        return
    endpoint: str = request.getfixturevalue("moto_endpoint")
    url = sqs.create_queue(endpoint)
    with closing(sqs.direct_client(endpoint)) as client:
        yield SqsJobQueue(client, url=url), lambda: [read_job(body) for body in sqs.take_all(endpoint, url)]


@pytest.fixture
async def broken_queue() -> AsyncIterator[JobQueue]:
    """Return a queue that cannot be reached."""
    with closing(sqs.direct_client("http://127.0.0.1:9")) as client:
        yield SqsJobQueue(client, url="http://127.0.0.1:9/queue")


@pytest.fixture
async def hanging_queue() -> AsyncIterator[JobQueue]:
    """Return a queue that does not answer."""
    with silent_server() as endpoint, closing(sqs.direct_client(endpoint)) as client:
        yield SqsJobQueue(client, url=f"{endpoint}/queue")


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
