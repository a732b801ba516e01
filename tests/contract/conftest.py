"""The adapters that each port's contract is held against."""

import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import pytest

from adapters.dynamodb import DynamoDBConnectionStore
from adapters.jwt import JsonWebKeySet, JwtTokenVerifier, SharedSecret
from adapters.memory import MemoryConnectionStore, MemoryTokenVerifier
from chat_core import LOBBY, Connection, ConnectionStore, Format, Principal, TokenVerifier
from tests.support import dynamodb, tokens
from tests.support.sinks import WORLDS, World

Fill = Callable[[Sequence[str]], None]
"""Puts plain connections into the lobby, past the adapter."""


@pytest.fixture(scope="session")
def dynamodb_local_endpoint() -> Iterator[str]:
    """Start AWS's own DynamoDB Local; return its URL."""
    if reason := dynamodb.dynamodb_local_is_missing():
        pytest.skip(reason)
    with dynamodb.dynamodb_local() as endpoint:
        yield endpoint


@pytest.fixture(params=["memory", "dynamodb on moto", "dynamodb on DynamoDB Local"])
def store_and_fill(request: pytest.FixtureRequest) -> tuple[ConnectionStore, Fill]:
    """Return an empty store of each kind, and how to fill it in bulk."""
    if request.param == "memory":
        store = MemoryConnectionStore(page_size=1000)
        return store, lambda ids: _fill_memory(store, ids)
    name = {"dynamodb on moto": "moto_endpoint", "dynamodb on DynamoDB Local": "dynamodb_local_endpoint"}
    endpoint: str = request.getfixturevalue(name[request.param])
    table = f"connections-{uuid.uuid4().hex[:8]}"
    dynamodb.create_table(endpoint, table)
    return (
        DynamoDBConnectionStore.open(table=table, region="us-east-1", host=endpoint),
        lambda ids: dynamodb.fill(endpoint, table, ids),
    )


def _fill_memory(store: MemoryConnectionStore, ids: Sequence[str]) -> None:
    store._rooms[LOBBY] = {each: Connection(id=each, format=Format.PLAIN) for each in ids}


@pytest.fixture
def store(store_and_fill: tuple[ConnectionStore, Fill]) -> ConnectionStore:
    """Return the store alone."""
    return store_and_fill[0]


@pytest.fixture
def fill(store_and_fill: tuple[ConnectionStore, Fill]) -> Fill:
    """Return how to fill it."""
    return store_and_fill[1]


@pytest.fixture(params=["dynamodb without an endpoint", "dynamodb without the table"])
def broken_store(request: pytest.FixtureRequest) -> ConnectionStore:
    """Return a store of each kind that can fail, failing; the memory's cannot."""
    endpoint = "http://127.0.0.1:9"  # the discard port, where nothing listens
    if request.param == "dynamodb without the table":
        endpoint = request.getfixturevalue("moto_endpoint")
    return DynamoDBConnectionStore.open(table="no-such-table", region="us-east-1", host=endpoint, retries=0)


@pytest.fixture(params=WORLDS)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Return a sink of each kind, with connections to deliver to."""
    async with WORLDS[request.param]() as world:
        yield world


VERIFIERS: dict[str, Callable[[], tuple[TokenVerifier, Callable[[], str]]]] = {
    "memory": lambda: (MemoryTokenVerifier({"token": Principal(id="ada")}), lambda: "token"),
    "HS256": lambda: (JwtTokenVerifier(SharedSecret(tokens.SECRET.encode)), tokens.hs256),
    "RS256": lambda: (JwtTokenVerifier(JsonWebKeySet(tokens.KeyServer(keys=[tokens.public_rsa()]).body)), tokens.rs256),
}


@pytest.fixture(params=VERIFIERS)
def verifier_and_issue(request: pytest.FixtureRequest) -> tuple[TokenVerifier, Callable[[], str]]:
    """Return a verifier of each kind, and how to issue a token that it takes."""
    return VERIFIERS[request.param]()
