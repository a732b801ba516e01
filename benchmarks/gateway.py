"""One broadcast to many clients through complete local stacks: ours, serverless-offline's and MiniStack's.

`make bench-gateway`. The stacks run in turn, in interleaved rounds; medians are printed and written to
`benchmarks/results/gateway.md`. CPU time is that of all processes of a stack, without the load client.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import ministack, report
from benchmarks.load import broadcast, connect_all
from benchmarks.processes import free_port, wait_until_open

HERE = Path(__file__).parent
PEER = HERE / "peers" / "serverless-offline"
PAYLOAD = "x" * 100
REQUEST = json.dumps({"action": "sendmessage", "data": PAYLOAD})
FRAME_SIZE = 2 + len(PAYLOAD)


@dataclass
class Stack:
    """A running stack: its process, and where its socket is."""

    process: subprocess.Popen[str]
    port: int
    path: str


@dataclass
class Figures:
    """The measurements of a stack, one value for each round."""

    connect_s: list[float] = field(default_factory=list)
    broadcast_ms: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)


@contextmanager
def chat_local() -> Iterator[Stack]:
    """Start our stack with the chat's own templates: handlers in their own processes, members in DynamoDB (moto)."""
    command = [sys.executable, "-m", "entrypoints.local.cli", "local", "--port", "0", "--page-port", "0"]
    # More than the template allows by default: all clients connect at once.
    command += ["--parameter-overrides", "RequestRate=10000", "RequestBurst=5000", "MessageRate=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"ws://127\.0\.0\.1:(\d+)(/\S+)", line):
                break
        else:
            raise RuntimeError("chat local did not start")
        yield Stack(process, int(found[1]), found[2])
        process.send_signal(signal.SIGTERM)


@contextmanager
def serverless_offline() -> Iterator[Stack]:
    """Start serverless-offline with its handler in its own process and ids in memory, its fastest configuration."""
    ports = [free_port() for _ in range(3)]
    names = ("PEER_PORT", "PEER_HTTP_PORT", "PEER_LAMBDA_PORT")
    env = os.environ | dict(zip(names, map(str, ports), strict=True)) | {"SLS_TELEMETRY_DISABLED": "1", "CI": "1"}
    command = ["node", "node_modules/serverless/bin/serverless.js", "offline", "start"]
    with subprocess.Popen(
        command, cwd=PEER, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
    ) as process:
        wait_until_open(ports[0], process)
        yield Stack(process, ports[0], "/")
        process.send_signal(signal.SIGTERM)


@contextmanager
def mini_stack() -> Iterator[Stack]:
    """Start MiniStack with its handler in a separate process and ids in memory."""
    with ministack.ministack() as (process, port, path):
        yield Stack(process, port, path)


def missing_serverless() -> str | None:
    """Return why serverless-offline cannot be measured here, or None if it can."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "Node is not installed"
    if not (PEER / "node_modules").is_dir():
        install = subprocess.run(["npm", "install", "--silent", "--no-package-lock"], cwd=PEER, check=False)
        if install.returncode:
            return "npm install failed"
    return None


async def measure(stack: Stack, figures: Figures, *, clients: int, broadcasts: int) -> None:
    """Connect all clients, warm up, and measure."""
    # One client first, so that no figure includes the start of an interpreter.
    first, _ = await connect_all(stack.port, stack.path, 1)
    await broadcast(first, REQUEST, FRAME_SIZE)
    first[0].transport.close()
    await asyncio.sleep(0.5)
    everyone, seconds = await connect_all(stack.port, stack.path, clients)
    figures.connect_s.append(seconds)
    for _ in range(2):
        await broadcast(everyone, REQUEST, FRAME_SIZE)
    before = _cpu_seconds(stack.process.pid)
    times = [await broadcast(everyone, REQUEST, FRAME_SIZE) for _ in range(broadcasts)]
    spent = _cpu_seconds(stack.process.pid) - before
    figures.broadcast_ms.append(statistics.median(times) * 1000)
    figures.cpu_us.append(spent / (clients * broadcasts) * 1e6)
    for client in everyone:
        client.transport.abort()


def table(results: dict[str, Figures], *, clients: int) -> list[str]:
    """Return the lines of the report's table."""
    lines = [
        f"| stack | connecting {clients}, s | broadcast, ms (median) | deliveries a second | CPU us a delivery |",
        "|---|---|---|---|---|",
    ]
    for name, figures in results.items():
        lines.append(
            f"| {name} | {statistics.median(figures.connect_s):.2f} | {statistics.median(figures.broadcast_ms):.0f} "
            f"| {_rate(figures, clients):,.0f} | {statistics.median(figures.cpu_us):.0f} |"
        )
    return lines


def main() -> None:
    """Measure, print and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--broadcasts", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    stacks: dict[str, Callable[[], AbstractContextManager[Stack]]] = {"chat local": chat_local}
    peers = [
        ("serverless-offline 13.10.1, in process", serverless_offline, missing_serverless()),
        (f"MiniStack {ministack.VERSION}", mini_stack, ministack.missing()),
    ]
    stacks |= {name: start for name, start, reason in peers if reason is None}
    results = {name: Figures() for name in stacks}
    for number in range(asked.rounds):
        for name, start in stacks.items():
            with start() as stack:
                asyncio.run(measure(stack, results[name], clients=asked.clients, broadcasts=asked.broadcasts))
            report.progress(f"round {number + 1}: {name}: {results[name]}")
    rounds = f"{asked.rounds} interleaved rounds of {asked.broadcasts} broadcasts of {len(PAYLOAD)} bytes"
    lines = [*table(results, clients=asked.clients), "", f"{rounds}; {report.machine()}"]
    lines += [f"{name} is not in the table: {reason}." for name, _, reason in peers if reason is not None]
    bars = {name: {"deliveries a second": _rate(each, asked.clients)} for name, each in results.items()}
    report.write("gateway", "A broadcast through the local stack", lines, bars, unit="deliveries a second")


def _rate(figures: Figures, clients: int) -> float:
    """Return the stack's deliveries a second."""
    return clients / statistics.median(figures.broadcast_ms) * 1000


def _cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and all its descendants, including those that have ended."""
    ticks = os.sysconf("SC_CLK_TCK")
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = [
            int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()
        ]
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11:15])) / ticks + sum(map(_cpu_seconds, children))


if __name__ == "__main__":
    main()
