"""Each kind of stores of a chat, behind one interface: their contracts are tested over all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from typing import Any

from adapters.dynamodb import (
    DynamoDBAudience,
    DynamoDBPresence,
    DynamoDBRoomFeed,
    DynamoDBRoomHistory,
    DynamoDBSessions,
    DynamoDBSubscriptions,
    sdk,
)
from adapters.dynamodb.room_feed import ASIDE_BYTES
from adapters.memory import MemoryRoomFeed, MemoryRoomHistory, MemoryRooms
from aws_client import JsonClient
from aws_client.response import Response
from aws_client.signer import RequestSigner
from chat_core.domain.connection import Connection
from chat_core.domain.room import LOBBY
from chat_core.ports import Audience, RoomFeed, RoomHistory, RoomPresence, Sessions, Subscriptions
from tests.support import dynamodb
from tests.support.rates import Clock

Fill = Callable[[Sequence[str]], Awaitable[None]]
"""Puts plain connections into the lobby, about a thousand to a page."""

LEASE = 10.0


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Everything that a chat keeps, in one place."""

    sessions: Sessions
    subscriptions: Subscriptions
    audience: Audience
    presence: RoomPresence
    feed: RoomFeed
    history: RoomHistory
    fill: Fill
    clock: Clock
    """What tells all of them the time."""


def in_memory(clock: Clock) -> Stores:
    """Return stores in this process."""
    rooms = MemoryRooms(page_size=1000, clock=clock)

    async def fill(ids: Sequence[str]) -> None:
        for each in ids:
            await rooms.open(Connection(id=each, codec="plain"), room=LOBBY)

    return Stores(
        sessions=rooms,
        subscriptions=rooms,
        audience=rooms,
        presence=rooms,
        feed=MemoryRoomFeed(lease=LEASE, clock=clock),
        history=MemoryRoomHistory(clock=clock),
        fill=fill,
        clock=clock,
    )


def on_table(client: JsonClient, endpoint: str, table: str, clock: Clock, *, aside_bytes: int = ASIDE_BYTES) -> Stores:
    """Return the stores that functions use."""
    return Stores(
        sessions=DynamoDBSessions(client, table=table, clock=clock),
        subscriptions=DynamoDBSubscriptions(client, table=table, clock=clock),
        audience=DynamoDBAudience(client, table=table, clock=clock),
        presence=DynamoDBPresence(client, table=table, clock=clock),
        feed=DynamoDBRoomFeed(client, table=table, lease=LEASE, clock=clock, aside_bytes=aside_bytes),
        history=DynamoDBRoomHistory(client, table=table, clock=clock),
        # In bulk, past the adapters.
        fill=lambda ids: asyncio.to_thread(dynamodb.fill, endpoint, table, ids, now=clock.now),
        clock=clock,
    )


@contextmanager
def directly(endpoint: str, table: str, retries: int, clock: Clock) -> Iterator[Stores]:
    """Yield the stores that functions use."""
    with closing(dynamodb.direct_client(endpoint, retries=retries)) as client:
        yield on_table(client, endpoint, table, clock)


@contextmanager
def with_lost_answers(endpoint: str, table: str, retries: int, clock: Clock) -> Iterator[Stores]:
    """Yield the stores that functions use, on a network that loses the first answer to every request.

    The feed puts every round aside.
    """
    with closing(dynamodb.client_of_kind(ForgetfulClient, endpoint, retries=retries)) as client:
        yield on_table(client, endpoint, table, clock, aside_bytes=0)


@contextmanager
def through_pynamodb(endpoint: str, table: str, retries: int, clock: Clock) -> Iterator[Stores]:
    """Yield the plain reference."""
    how: dict[str, Any] = {"table": table, "region": "us-east-1", "host": endpoint, "retries": retries, "clock": clock}
    yield Stores(
        sessions=sdk.PynamoDBSessions.on_table(**how),
        subscriptions=sdk.PynamoDBSubscriptions.on_table(**how),
        audience=sdk.PynamoDBAudience.on_table(**how),
        presence=sdk.PynamoDBPresence.on_table(**how),
        feed=sdk.PynamoDBRoomFeed.on_table(**how, lease=LEASE),
        history=sdk.PynamoDBRoomHistory.on_table(**how),
        fill=lambda ids: asyncio.to_thread(dynamodb.fill, endpoint, table, ids, now=clock.now),
        clock=clock,
    )


class ForgetfulClient(JsonClient):
    """Sends every request twice, and knows the second answer alone."""

    async def _send(self, request_signer: RequestSigner, body: bytes) -> Response:
        await super()._send(request_signer, body)
        return await super()._send(request_signer, body)


MakeStores = Callable[[str, str, int, Clock], AbstractContextManager[Stores]]
"""Makes stores of one kind, given an endpoint, a table, how often to repeat a request, and the clock."""

MAKE: dict[str, MakeStores] = {"directly": directly, "through PynamoDB": through_pynamodb}
ON_DYNAMODB_LOCAL: dict[str, MakeStores] = MAKE | {"with lost answers": with_lost_answers}
ON_MOTO: dict[str, MakeStores] = {"directly": directly}
"""Moto is slow: what is the same on DynamoDB Local is tested there alone."""
