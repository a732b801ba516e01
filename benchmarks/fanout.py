"""The cost of posting one message to a thousand connections, for each client.

`make bench-fanout`. Each client is a new process on one core; nginx answers on another. A client posts to 1,000
connections three times: the first pass includes connecting, the third is the warm one. Each round has another order of
clients. CPU time is that of the client's process, user and system, all threads. `benchmarks/results/fanout.md` gets the
medians.
"""

import argparse
import importlib.util
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks import clients, endpoint, limits, node, report
from benchmarks.processes import run_fresh
from benchmarks.target import PAYLOAD, connection_ids

SDK_V3 = "AWS SDK v3, Promise.all"
SCHEMES = {"http": "http", "https": "https", "h2": "https, HTTP/2 on offer"}
DELAY_MS = 15
CONCURRENCIES = (50, 100, 200, 400)
PASSES = 3
SDK_V3_HOT = f"{SDK_V3}, 7th pass"
PASSES_HOT = 7
"""Node's compiler improves the SDK over thousands of posts, so that the table has figures of two passes."""


@dataclass
class Figures:
    """Milliseconds for 1,000 posts, one value for each round; the first pass is missing if there was only one."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    first_cpu: list[float] = field(default_factory=list)
    first_wall: list[float] = field(default_factory=list)

    def add(self, passes: Sequence[Mapping[str, float]], posts: int) -> None:
        """Add the passes of one process, whose figures are seconds for this many posts."""
        milliseconds = 1000 * 1000 / posts
        self.cpu.append(passes[-1]["cpu"] * milliseconds)
        self.wall.append(passes[-1]["wall"] * milliseconds)
        if len(passes) > 1:
            self.first_cpu.append(passes[0]["cpu"] * milliseconds)
            self.first_wall.append(passes[0]["wall"] * milliseconds)


Case = tuple[str, str]
"""A scheme and a client's name."""


def main() -> None:
    """Measure, print and write the report."""
    asked = _arguments()
    if reason := endpoint.missing():
        sys.exit(f"No endpoint can be started: {reason}.")
    names, notes = _present()
    with endpoint.serve() as served:
        figures = _measure_all(served, names, asked)
    with endpoint.serve(delay_ms=DELAY_MS) as served:
        delayed = _measure_delayed(served, names, asked)
    lines = [line for scheme in SCHEMES for line in scheme_section(scheme, figures)]
    lines += _delayed_section(delayed)
    lines += [f"{asked.rounds} rounds of {asked.posts} posts of {len(PAYLOAD)} bytes; {report.machine()}", *notes]
    report.write("fanout", "Posting one message to 1,000 connections", lines, _bars(figures), unit="ms of CPU, warm")


def scheme_section(scheme: str, figures: Mapping[Case, Figures]) -> list[str]:
    """Return a scheme's table, the cheapest client first."""
    mine = {name: each for (of, name), each in figures.items() if of == scheme}
    # Neither of the two clients that the others are compared with speaks HTTP/2.
    like = "https" if scheme == "h2" else scheme
    base = {
        name: statistics.median(figures[like, name].cpu) for name in (limits.WRK, SDK_V3) if (like, name) in figures
    }
    rows = []
    for name, each in sorted(mine.items(), key=lambda item: statistics.median(item[1].cpu)):
        cpu = statistics.median(each.cpu)
        of_wrk = f"{cpu / base[limits.WRK]:.2f}" if limits.WRK in base else ""
        of_v3 = f"{base[SDK_V3] / cpu:.1f}" if SDK_V3 in base else ""
        first = f"{statistics.median(each.first_cpu):.0f}" if each.first_cpu else ""
        rows.append([name, report.summary(each.cpu), report.digits(statistics.median(each.wall)), first, of_wrk, of_v3])
    head = ["client", "CPU ms a 1,000, warm", "wall ms, warm", "CPU ms of the first 1,000, connecting included"]
    head += ["times wrk's CPU", "times cheaper than SDK v3"]
    return [f"## {SCHEMES[scheme]}", "", *report.table(head, rows), ""]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--posts", type=int, default=1000)
    return parser.parse_args()


def _present() -> tuple[list[str], list[str]]:
    """Return the clients that can be measured here, and a note about each of the others."""
    reasons = {SDK_V3: node.missing()}
    for name, program in ((limits.WRK, "wrk"), (limits.H2LOAD, "h2load")):
        reasons[name] = None if limits.installed(program) else "it is not installed"
    for name, module in clients.OPTIONAL.items():
        reasons[name] = None if importlib.util.find_spec(module) else "it is not installed"
    names = [name for name in [*clients.CLIENTS, SDK_V3, limits.WRK, limits.H2LOAD] if reasons.get(name) is None]
    return names, [f"{name} is left out: {reason}." for name, reason in reasons.items() if reason is not None]


def _measure_all(served: endpoint.Endpoint, names: Sequence[str], asked: argparse.Namespace) -> dict[Case, Figures]:
    cases = [(scheme, name) for scheme in SCHEMES for name in names if _speaks(name, scheme)]
    figures: dict[Case, Figures] = defaultdict(Figures)
    for scheme, name in report.shuffled_rounds(cases, asked.rounds):
        passes, posts = _run(served, scheme, name, asked.posts, passes=PASSES_HOT if name == SDK_V3 else PASSES)
        figures[scheme, name].add(passes[:PASSES], posts)
        if len(passes) > PASSES:
            figures[scheme, SDK_V3_HOT].add(passes[-1:], posts)
        report.progress(f"{scheme}: {name}: {figures[scheme, name].cpu[-1]:.1f} ms of CPU a 1,000")
    return dict(figures)


def _speaks(name: str, scheme: str) -> bool:
    if scheme == "h2":
        return name in clients.OVER_H2 or name == limits.H2LOAD
    return name != limits.H2LOAD


def _run(
    served: endpoint.Endpoint, scheme: str, name: str, posts: int, *, passes: int, concurrency: int = 0
) -> tuple[list[dict[str, float]], int]:
    """Measure a client once; return its passes and the number of posts in each."""
    url = f"{served.urls[scheme]}/{endpoint.STAGE}"
    if name in (limits.WRK, limits.H2LOAD):
        post_url, headers = clients.signed(url, connection_ids(1)[0], served.environment)
        if name == limits.WRK:
            return [limits.wrk(post_url, headers, served.environment, seconds=2)], 1
        return [limits.h2load(post_url, headers, served.environment, posts=50 * posts)], 1
    command = node.command("fanout.js") if name == SDK_V3 else [sys.executable, "-m", "benchmarks.clients", name]
    run = run_fresh([*command, url, str(concurrency), str(posts), str(passes)], environment=served.environment)
    return json.loads(run.stdout), posts


def _measure_delayed(
    served: endpoint.Endpoint, names: Sequence[str], asked: argparse.Namespace
) -> dict[tuple[str, int], float]:
    """Return the seconds of one warm pass, by client and number of posts at once."""
    able = clients.AT_ANY_CONCURRENCY | {SDK_V3}
    cases = [(name, concurrency) for name in names if name in able for concurrency in CONCURRENCIES]
    walls = {}
    for name, concurrency in report.shuffled_rounds(cases, 1):
        passes, _ = _run(served, "https", name, asked.posts, passes=PASSES, concurrency=concurrency)
        walls[name, concurrency] = passes[-1]["wall"] * 1000 / asked.posts
        report.progress(f"{DELAY_MS} ms away, {concurrency} at once: {name}: {walls[name, concurrency]:.2f} s")
    return walls


def _delayed_section(walls: Mapping[tuple[str, int], float]) -> list[str]:
    names = dict.fromkeys(name for name, _ in walls)
    rows = [[name, *(f"{walls[name, each] * 1000:.0f}" for each in CONCURRENCIES)] for name in sorted(names)]
    rows.append(["(waiting alone)", *(f"{DELAY_MS * 1000 / each:.0f}" for each in CONCURRENCIES)])
    head = ["client", *(f"{each} at once" for each in CONCURRENCIES)]
    title = f"## https, each post answered after {DELAY_MS} ms: wall ms of 1,000 posts, warm, one round"
    return [title, "", *report.table(head, rows), ""]


def _bars(figures: Mapping[Case, Figures]) -> dict[str, dict[str, float]]:
    bars: dict[str, dict[str, float]] = defaultdict(dict)
    for (scheme, name), each in sorted(figures.items(), key=lambda item: statistics.median(item[1].cpu)):
        bars[name][SCHEMES[scheme]] = statistics.median(each.cpu)
    return dict(bars)


if __name__ == "__main__":
    main()
