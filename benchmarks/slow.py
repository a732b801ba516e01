"""The cost of clients that do not read to the other clients: `make bench-slow`.

The first table is about posts to 4,000 connections that accept everything, and to some that answer every post with 429,
as API Gateway does for a client whose buffer is full. The second is about one word that is sent through the local
stack, between messages of 30 KB, while some clients never read.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO

from websockets.asyncio.client import ClientConnection, connect

from adapters.apigateway import ApiGatewayMessageSink
from aws_client import environment_credentials
from benchmarks import endpoint, report
from benchmarks.processes import run_fresh
from benchmarks.target import PAYLOAD, connection_ids

HEALTHY = 4_000
SLOW = (0, 1, 5, 50)
DEADLINE_SECONDS = 20.0

SILENT = (0, 1, 3)
WORDS = 300
EVERY_SECONDS = 0.1
FILLER = "x" * 30_000
"""Sent with each word. About 120 of them fill the buffers of a client that does not read: first the kernel's, then the
gateway's."""


def main() -> None:
    """Measure, print and write the report; with a URL, be the process that is measured."""
    asked = _arguments()
    if asked.url:
        print(json.dumps(asyncio.run(_deliver(asked.url, asked.slow))))
        return
    if reason := endpoint.missing():
        sys.exit(f"No endpoint can be started: {reason}.")
    lines, bars = _deliveries(asked.rounds)
    more_lines, more_bars = _words()
    report.write(
        "slow", "What clients that do not read cost the others", [*lines, "", *more_lines], bars | more_bars, unit="s"
    )


def _deliveries(rounds: int) -> tuple[list[str], dict[str, dict[str, float]]]:
    figures: dict[int, list[dict[str, float]]] = {count: [] for count in SLOW}
    for count in report.shuffled_rounds(SLOW, rounds):
        with endpoint.serve() as served:
            command = [sys.executable, "-m", "benchmarks.slow", "--slow", str(count)]
            url = f"{served.urls['https']}/{endpoint.STAGE}"
            run = run_fresh([*command, "--url", url], environment=served.environment)
        figures[count].append(json.loads(run.stdout))
        report.progress(f"{count} slow: {figures[count][-1]}")
    head = ["slow among 4,000", "`deliver` took, s", "the next, to the healthy alone, s", "pace left, posts a second"]
    rows = []
    for count, passes in figures.items():
        columns = (report.summary(each[name] for each in passes) for name in ("first", "next", "rate"))
        rows.append([str(count), *columns])
    bars = {
        f"{count} slow": {"deliver": statistics.median(each["first"] for each in passes)}
        for count, passes in figures.items()
    }
    return [*report.table(head, rows), "", f"{rounds} rounds; {report.machine()}"], bars


async def _deliver(url: str, slow: int) -> dict[str, float]:
    sink = ApiGatewayMessageSink(url=url, region=endpoint.REGION, credentials=environment_credentials)
    healthy = connection_ids(HEALTHY)
    async with sink:
        await sink.deliver(payload=PAYLOAD, connection_ids=connection_ids(200), deadline=time.monotonic() + 10)
        await asyncio.sleep(1)
        # The slow connections are anywhere in the room.
        ids = sorted([*(f"slow{number:08d}IhE=" for number in range(slow)), *healthy], key=hash)
        first = await _timed(sink, ids)
        rate = sink.pacer.rate
        return {"first": first, "next": await _timed(sink, healthy), "rate": rate}


async def _timed(sink: ApiGatewayMessageSink, ids: list[str]) -> float:
    started = time.monotonic()
    await sink.deliver(payload=PAYLOAD, connection_ids=ids, deadline=started + DEADLINE_SECONDS)
    return time.monotonic() - started


def _words() -> tuple[list[str], dict[str, dict[str, float]]]:
    rows, bars = [], {}
    for count in SILENT:
        took = _beside(count)
        report.progress(f"{count} that do not read: {report.summary(took)} s")
        percentiles = statistics.quantiles(took, n=100)
        rows.append(
            [str(count), *(report.digits(each) for each in (statistics.median(took), percentiles[98], max(took)))]
        )
        bars[f"beside {count} that do not read"] = {"a word, median": statistics.median(took)}
    head = ["clients that do not read", "a word, median, s", "p99, s", "most, s"]
    return [*report.table(head, rows), "", f"{WORDS} words each; {report.machine()}"], bars


def _beside(count: int) -> list[float]:
    """Return the seconds that each word took from one client to another."""
    with tempfile.TemporaryFile("w+") as out:
        chat = Path(sys.executable).with_name("chat")
        command = [str(chat), "local", "--port", "0", "--page-port", "0"]
        # More than the template allows by default, in order to fill the buffers.
        command += ["--parameter-overrides", "RequestRate=10000", "RequestBurst=5000", "MessageRate=0"]
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, text=True, env=os.environ)
        try:
            return asyncio.run(_measure(_address(out), count))
        finally:
            process.terminate()
            process.wait(timeout=30)


def _address(out: IO[str]) -> str:
    for _ in range(600):
        time.sleep(0.1)
        out.seek(0)
        for word in out.read().split():
            if word.startswith("ws://"):
                return word
    raise TimeoutError("the local stack did not start")


async def _measure(url: str, count: int) -> list[float]:
    silent = [_silent(url) for _ in range(count)]
    async with _reading(url) as speaker, _reading(url) as filler, connect(url, max_queue=None) as listener:
        heard: asyncio.Queue[str] = asyncio.Queue()
        listening = asyncio.create_task(_listen(listener, heard))
        took = [await _word(speaker, filler, heard, f"word{number}") for number in range(WORDS)]
        listening.cancel()
    for each in silent:
        each.close()
    return took


@asynccontextmanager
async def _reading(url: str) -> AsyncIterator[ClientConnection]:
    async with connect(url) as client:
        task = asyncio.create_task(_drop(client))
        yield client
        task.cancel()


async def _word(speaker: ClientConnection, filler: ClientConnection, heard: "asyncio.Queue[str]", word: str) -> float:
    await asyncio.sleep(EVERY_SECONDS)
    await filler.send(json.dumps({"action": "sendmessage", "data": FILLER}))
    started = time.monotonic()
    await speaker.send(json.dumps({"action": "sendmessage", "data": word}))
    with suppress(TimeoutError):
        async with asyncio.timeout(60):
            while await heard.get() != word:
                pass
    return time.monotonic() - started


async def _listen(listener: ClientConnection, heard: "asyncio.Queue[str]") -> None:
    async for text in listener:
        if len(text) < 100:
            heard.put_nowait(str(text))


async def _drop(client: ClientConnection) -> None:
    async for _ in client:
        pass


def _silent(url: str) -> socket.socket:
    """Connect a client that never reads, with the smallest buffer that the kernel allows."""
    host, _, path = url.removeprefix("ws://").partition("/")
    name, _, port = host.partition(":")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((name, int(port)))
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    client.sendall(
        f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}".encode()
    )
    if not client.recv(12).endswith(b"101"):
        raise ConnectionRefusedError
    return client


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slow", type=int, default=0)
    parser.add_argument("--url")
    return parser.parse_args()


if __name__ == "__main__":
    main()
