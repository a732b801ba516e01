"""The whole stack, while functions die, clients are cut off, and the database fails."""

import asyncio
import json
import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, AsyncExitStack, suppress
from pathlib import Path
from typing import TypeVar

import pytest

from tests.support import dynamodb
from tests.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support.local_stack import LocalStack, local_stack
from tests.support.stubborn import StubbornClient

SEED = 7
ROOMS = ("north", "south")
CLIENTS = 40
PUBLISHERS = 20
MESSAGES = 50
"""Of each publisher."""
PAUSE_SECONDS = 0.6
"""Between two messages of one publisher, on the average."""
KILL_SECONDS, CUT_SECONDS = 1.5, 0.4
"""Between two deaths, and between two clients that are cut off, on the average."""
FAULTS = 0.03
"""Of the requests to the database."""
MOST_SECONDS = 120
SETTLING_SECONDS = 60
"""For what was left behind: a lease ends after ten seconds, and a worker comes a little later, if it does not die."""

pytestmark = [
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the functions' processes in /proc"),
    pytest.mark.alone,
    pytest.mark.timeout(MOST_SECONDS + SETTLING_SECONDS + 120),
]


async def test_everyone_hears_everything_in_order_whoever_dies(tmp_path: Path) -> None:
    """What was acknowledged reaches every member of its room, first deliveries in the order of their offsets."""
    if reason := dynamodb.dynamodb_local_is_missing():
        pytest.skip(reason)
    rooms = tmp_path / "rooms.json"
    rooms.write_text(json.dumps({"without_namespace": {"history_size": 2_000}}))
    async with AsyncExitStack() as stacks:
        database = await _entered(stacks, dynamodb.dynamodb_local())
        proxy = await stacks.enter_async_context(faulty_proxy(database, seed=SEED))
        stack = await _entered(stacks, local_stack("--dynamodb-endpoint", proxy.url, "--rooms", str(rooms)))
        clients = await _chaos(stack, proxy)
    assert [each for client in clients for each in client.broken] == []
    for room in ROOMS:
        members = [each for each in clients if room in each.rooms]
        first, *others = [each.rooms[room].data for each in members]
        assert all(each == first for each in others)
        acknowledged = {text for each in members for text in each.acknowledged[room]}
        assert len(acknowledged) == PUBLISHERS * MESSAGES // len(ROOMS)
        assert acknowledged <= set(first)


async def _chaos(stack: LocalStack, proxy: FaultyProxy) -> list[StubbornClient]:
    """Let the clients talk while things break; return them when everyone has heard everything, and say what broke."""
    chance = random.Random(SEED)
    url = f"{stack.ws_url}?protocol=centrifuge"
    clients = [
        StubbornClient(url, f"c{number}", [ROOMS[number % len(ROOMS)]], random.Random(chance.random()))
        for number in range(CLIENTS)
    ]
    killed: Counter[str] = Counter()
    running = [asyncio.create_task(each.run()) for each in clients]
    trouble: list[asyncio.Task[None]] = []
    try:
        async with asyncio.timeout(SETTLING_SECONDS):
            for each in clients:
                await each.joined()
        began, proxy.share = time.monotonic(), FAULTS
        trouble = [asyncio.create_task(_kill(stack, chance, killed)), asyncio.create_task(_cut(clients, chance))]
        async with asyncio.timeout(MOST_SECONDS):
            await asyncio.gather(*(_publish(each) for each in clients[:PUBLISHERS]))
        await _ended(trouble)
        proxy.share, ended = 0.0, time.monotonic()
        await _settled(clients, url)
    finally:
        await _ended([*trouble, *running])
        heard = [each.rooms[room] for each in clients for room in each.rooms]
        print(
            f"\n{sum(len(each) for client in clients for each in client.acknowledged.values())} messages; "
            f"killed: {dict(killed)}; faults: {dict(proxy.faults)}; "
            f"{sum(each.returns for each in clients)} returns; {sum(each.repeats for each in heard)} repeats; "
            f"offsets heard: {sorted({each.offset for each in heard})}"
        )
    print(f"{ended - began:.0f} s of trouble, and {time.monotonic() - ended:.0f} s until everyone had heard everything")
    return clients


async def _publish(client: StubbornClient) -> None:
    (room,) = client.rooms
    for number in range(MESSAGES):
        await client.publish(room, f"{client.name}: {number}")
        await asyncio.sleep(client.chance.uniform(0, 2 * PAUSE_SECONDS))


async def _kill(stack: LocalStack, chance: random.Random, killed: Counter[str]) -> None:
    """Kill one of the processes in which the stack's functions run, again and again."""
    while True:
        await asyncio.sleep(chance.uniform(0, 2 * KILL_SECONDS))
        functions = await asyncio.to_thread(_functions, stack)
        if functions:
            pid, name = chance.choice(functions)
            # It may have ended by itself.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed[name] += 1


async def _cut(clients: Sequence[StubbornClient], chance: random.Random) -> None:
    while True:
        await asyncio.sleep(chance.uniform(0, 2 * CUT_SECONDS))
        chance.choice(clients).cut()


def _functions(stack: LocalStack) -> list[tuple[int, str]]:
    """Return the processes of functions, each with the name of its module."""
    found = []
    for pid in sorted(stack.descendants()):
        with suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_text()
            if name := re.search(r"entrypoints\.aws_lambda\.(\w+)\.handler", command):
                found.append((pid, name[1]))
    return found


async def _settled(clients: Sequence[StubbornClient], url: str) -> None:
    """Wait until every client has heard its room up to the top."""
    newcomer = StubbornClient(url, "newcomer", ROOMS, random.Random(SEED))
    running = asyncio.create_task(newcomer.run())
    try:
        async with asyncio.timeout(SETTLING_SECONDS):
            await newcomer.joined()
            top = {room: heard.offset for room, heard in newcomer.rooms.items()}
            for each in clients:
                await each.heard(top)
    finally:
        await _ended([running])


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel tasks that run without end; raise what has ended one before."""
    for each in tasks:
        each.cancel()
    for each in tasks:
        with suppress(asyncio.CancelledError):
            await each


T = TypeVar("T")


async def _entered(stacks: AsyncExitStack, manager: AbstractContextManager[T]) -> T:
    """Enter a context whose beginning and end block."""
    value = await asyncio.to_thread(manager.__enter__)
    stacks.push_async_callback(asyncio.to_thread, manager.__exit__, None, None, None)
    return value
