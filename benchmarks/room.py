"""A busy room: how many messages a second it takes within an account's quota, and what each costs.

`make bench-room`. A room has 1,000 members of the Centrifuge protocol; nginx takes their posts on a core of its own,
10,000 a second with a burst of 5,000, as API Gateway does for an account and a region, and answers the others with 429.
The table is on AWS's DynamoDB Local, which also says what each request consumes. Messages of 200 bytes are offered for
20 seconds to functions in processes of their own. Beside it, each message is delivered by itself through the same sink.
At the end, 1,000 clients come back at once, and each recovers 20 messages.
"""

import argparse
import asyncio
import itertools
import json
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.dynamodb import DynamoDBRoomFeed, DynamoDBSessions, DynamoDBSubscriptions
from benchmarks import endpoint, report, room_functions
from benchmarks.pacing import BURST, RATE
from benchmarks.room_functions import POST_EACH, PUBLISH, RECOVER, ROOM, Job, Measured, Shared
from benchmarks.target import connection_ids
from chat_core.domain.connection import Connection, Member
from chat_core.domain.history import StreamPosition
from chat_core.domain.room import EVERYONE
from tests.support import dynamodb

RATES = (10, 50, 100, 200)
MEMBERS = 1_000
SENDERS = 20
SECONDS = 20
FUNCTIONS = 4
"""Processes that handle events: the one that delivers is busy for as long as messages come."""
SETTLING_SECONDS = 5.0
"""For the last messages, after the last event was handled."""
RECOVERED = 20
_AT_ONCE = 16


HEAD = (
    "offered",
    "delivery",
    "delivered, a second",
    "p50, s",
    "p99, s",
    "posts a member and message",
    "write units a message",
    "read units a message",
    "CPU ms a message",
    "order",
    "repeats",
    "refused",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room on a table of its own."""

    database: str
    table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one run came to."""

    delivered: float
    """Messages a second that everyone has received while they were offered."""
    p50: float
    p99: float
    """Seconds from when a message was to be published until the last member had it."""
    posts: float
    """For each message and member that received it."""
    write_units: float
    read_units: float
    cpu_ms: float
    in_order: bool
    repeats: int
    refused: int


def main() -> None:
    """Measure, print and write the report."""
    asked = _arguments()
    if reason := endpoint.missing() or dynamodb.dynamodb_local_is_missing():
        sys.exit(f"The room cannot be played: {reason}.")
    rows: list[list[str]] = []
    bars: dict[str, dict[str, float]] = {}
    with prepared() as room:
        for rate, kind in itertools.product(asked.rates, (PUBLISH, POST_EACH)):
            figures = busy(room, kind, rate)
            rows.append(_row(rate, kind, figures))
            bars.setdefault(f"{rate} a second offered", {})[kind] = figures.delivered
            report.progress(" | ".join(rows[-1]))
        lines = [*report.table(HEAD, rows), "", come_back(room), ""]
    lines.append(
        f"{MEMBERS:,} members, messages of {room_functions.MESSAGE_BYTES} bytes for {SECONDS} s, {FUNCTIONS} functions "
        f"and a worker; DynamoDB Local, whose answers have the consumed capacity; {report.machine()}"
    )
    report.write("room", f"A room of {MEMBERS:,}", lines, bars, unit="messages a second delivered to everyone")


@contextmanager
def prepared() -> Iterator[Room]:
    """Start a database, and fill the room; end it at the end of the block."""
    os.environ.update(endpoint.client_environment(Path("unused")))
    with dynamodb.dynamodb_local() as database:
        room = Room(database=database, table=dynamodb.new_table(database))
        asyncio.run(_fill(room))
        yield room


@contextmanager
def serving(room: Room) -> Iterator[endpoint.Endpoint]:
    """Start an endpoint with a full quota, and name it and the table to the functions that are started meanwhile."""
    with endpoint.serve(quota=(RATE, BURST)) as served:
        os.environ.update(served.environment)
        os.environ.update(
            MANAGEMENT_ENDPOINT=f"{served.urls['https']}/{endpoint.STAGE}",
            AWS_ENDPOINT_URL_DYNAMODB=room.database,
            CONNECTIONS_TABLE=room.table,
            ROOMS_FILE=str(dynamodb.REPOSITORY / "rooms.json"),
        )
        yield served


def busy(room: Room, kind: str, rate: int) -> Figures:
    """Offer messages for some seconds, and see what becomes of them."""
    job = Job(kind, rate * SECONDS, rate, SECONDS, connection_ids(SENDERS))
    with serving(room) as served:
        began, measured = _run(job)
        posts = served.requests() - 1
    first: dict[int, tuple[float, float, float]] = {}
    highest: int | None = None
    repeats, in_order = 0, True
    deliveries = sorted(each for one in measured for each in one.deliveries if each[3] == MEMBERS)
    for starts, ends, payload, _ in deliveries:
        for line in payload.split("\n"):
            publication = json.loads(line)["push"]["pub"]
            offset = publication["offset"]
            if offset in first:
                repeats += 1
                continue
            in_order &= highest is None or offset == highest + 1
            highest = offset
            first[offset] = (starts, ends, publication["data"]["due"])
    waits = sorted(ends - due for _, ends, due in first.values())
    count = len(first) or 1
    in_time = sum(ends <= began + SECONDS + 1 for _, ends, _ in first.values())
    return Figures(
        delivered=in_time / SECONDS,
        p50=statistics.median(waits) if waits else 0.0,
        p99=waits[int(len(waits) * 0.99)] if waits else 0.0,
        posts=posts / count / MEMBERS,
        write_units=_sum(measured, "write") / count,
        read_units=_sum(measured, "read") / count,
        cpu_ms=sum(each.cpu for each in measured) * 1000 / count,
        in_order=in_order,
        repeats=repeats,
        refused=sum(each.refused for each in measured),
    )


def come_back(room: Room) -> str:
    """Let every member come back at once, and say how that went."""
    job = Job(PUBLISH, RECOVERED, 10, SECONDS, connection_ids(SENDERS))
    with serving(room):
        _run(job)
    clients = [f"b{each[1:]}" for each in connection_ids(MEMBERS)]
    top = asyncio.run(_open(room, clients))
    with serving(room):
        began, measured = _run(Job(RECOVER, MEMBERS, float("inf"), 60, clients, top.epoch, top.offset - RECOVERED))
    replies = [each for one in measured for each in one.deliveries if '"recovered":true' in each[2]]
    complete = sum(each[2].count('"offset"') >= RECOVERED for each in replies)
    calls = sum((each.calls for each in measured), start=type(measured[0].calls)())
    reads = sum(calls[each] for each in ("GetItem", "Query"))
    return (
        f"{MEMBERS:,} clients that come back at once, each recovering {RECOVERED} messages: {complete:,} recovered "
        f"all, the last after {max(each[1] for each in replies) - began:.1f} s; {reads / MEMBERS:.1f} reads a client, "
        f"{_sum(measured, 'read') / MEMBERS:.1f} read units and {_sum(measured, 'write') / MEMBERS:.1f} write units; "
        f"{sum(each.cpu for each in measured) * 1000 / MEMBERS:.1f} ms of CPU a client."
    )


def _run(job: Job) -> tuple[float, list[Measured]]:
    """Let the functions do a job; return when it began, and what each measured."""
    context = multiprocessing.get_context("spawn")
    shared = Shared(
        begins_at=context.Value("d", 0.0),
        started=context.Value("i", 0),
        taken=context.Value("i", 0),
        wake_ups=context.Queue(),
        results=context.Queue(),
    )
    processes: list[Any] = [context.Process(target=room_functions.serve, args=(job, shared)) for _ in range(FUNCTIONS)]
    processes.append(context.Process(target=room_functions.drain, args=(shared,)))
    for process in processes:
        process.start()
    while shared.started.value < len(processes):
        time.sleep(0.05)
    shared.begins_at.value = begins_at = time.monotonic() + 0.2
    measured = [shared.results.get(timeout=180) for _ in range(FUNCTIONS)]
    time.sleep(SETTLING_SECONDS)
    shared.wake_ups.put(None)
    measured.append(shared.results.get(timeout=60))
    for process in processes:
        process.join()
    return begins_at, measured


async def _fill(room: Room) -> None:
    """Open the connections of all members, and let them join."""
    sessions, subscriptions, _ = _adapters(room)

    async def join(each: str) -> None:
        connection = Connection(id=each, codec="centrifuge")
        member = Member(connection=connection, command=1)
        await sessions.open(connection)
        await sessions.accept(connection, room=EVERYONE)
        await subscriptions.join(ROOM, member, most_rooms=2)
        await subscriptions.activate(ROOM, [member])

    await _for_each(connection_ids(MEMBERS), join)


async def _open(room: Room, ids: Sequence[str]) -> StreamPosition:
    """Open connections, as `$connect` does; return the top of the room."""
    sessions, _, feed = _adapters(room)

    async def open_one(each: str) -> None:
        await sessions.open(Connection(id=each, codec="centrifuge"))

    await _for_each(ids, open_one)
    return (await feed.stream(ROOM)).top


def _adapters(room: Room) -> tuple[DynamoDBSessions, DynamoDBSubscriptions, DynamoDBRoomFeed]:
    client = dynamodb.direct_client(room.database)
    return (
        DynamoDBSessions(client, table=room.table),
        DynamoDBSubscriptions(client, table=room.table),
        DynamoDBRoomFeed(client, table=room.table),
    )


async def _for_each(ids: Sequence[str], work: Callable[[str], Awaitable[None]]) -> None:
    waiting = iter(ids)

    async def in_turn() -> None:
        for each in waiting:
            await work(each)

    await asyncio.gather(*(in_turn() for _ in range(_AT_ONCE)))


def _sum(measured: Sequence[Measured], kind: str) -> float:
    return sum(each.units[kind] for each in measured)


def _row(rate: int, kind: str, figures: Figures) -> list[str]:
    return [
        str(rate),
        kind,
        f"{figures.delivered:.1f}",
        f"{figures.p50:.2f}",
        f"{figures.p99:.2f}",
        f"{figures.posts:.3f}",
        f"{figures.write_units:.1f}",
        f"{figures.read_units:.0f}",
        f"{figures.cpu_ms:.1f}",
        "kept" if figures.in_order else "broken",
        str(figures.repeats),
        str(figures.refused),
    ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=int, nargs="+", default=RATES)
    return parser.parse_args()


if __name__ == "__main__":
    main()
