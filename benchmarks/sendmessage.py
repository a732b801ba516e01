"""The cost of one message: the complete `sendmessage` function, warm, for rooms of different sizes.

`make bench-sendmessage`. Recipients are read from DynamoDB and posted to through `@connections`; nginx plays both on
another core, over TLS. Our function queries the room. The peers do what the samples do: they scan the table, and post
with `Promise.all` in Node and one by one in boto3. The cost of reading alone is measured in a separate process.
"""

import argparse
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks import endpoint, node, report
from benchmarks.functions import Functions, node_sdk, prepared
from benchmarks.target import connection_ids

OURS, SDK_V3, BOTO3 = "ours: Query", "AWS SDK v3: Scan, Promise.all", "boto3: Scan, one by one"
RECIPIENTS = (10, 100, 1_000, 10_000)
WARMING_PYTHON, WARMING_NODE = 3_000, 6_000
"""About how many deliveries a process makes before the measured ones.

Opening enough connections for a large room takes two messages. Node's compiler needs thousands of posts: after two
messages, its figures are half as high again.
"""

DELIVERIES = 500
"""The fewest deliveries in a pass, which has as many messages as necessary."""

LARGE_ROOM, ROUNDS_OF_LARGE_ROOMS = 10_000, 2
"""Rooms of this size have only two rounds: an SDK takes up to ten seconds for a message, with a small spread."""

READ = 50_000
"""About how many recipients a pass reads if it only reads."""

# The handlers by variant: the complete function, and the part of it that reads.
PYTHON = {
    OURS: ("entrypoints.aws_lambda.send_message:handler", "read_members:handler"),
    BOTO3: ("boto3_functions:send_message", "boto3_functions:read"),
}
NODE = {SDK_V3: ("send_message:handler", "send_message:read")}


@dataclass
class Figures:
    """Milliseconds for one message, one value for each round."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    reading_cpu: list[float] = field(default_factory=list)


Case = tuple[int, str]
"""The number of recipients, and a variant."""


def main() -> None:
    """Measure, print and write the report."""
    asked = _arguments()
    if reason := endpoint.missing():
        sys.exit(f"No endpoint can be started: {reason}.")
    variants, notes = [*PYTHON], []
    if reason := node.missing():
        notes = [f"{SDK_V3} is left out: {reason}."]
    else:
        variants += NODE
    figures: dict[Case, Figures] = defaultdict(Figures)
    for count in asked.recipients:
        with prepared(recipients=connection_ids(count)) as functions:
            rounds = asked.rounds if count < LARGE_ROOM else min(asked.rounds, ROUNDS_OF_LARGE_ROOMS)
            for variant in report.shuffled_rounds(variants, rounds):
                measure(functions, variant, count, figures[count, variant])
                report.progress(f"{count}: {variant}: {figures[count, variant].cpu[-1]:.1f} ms of CPU a message")
    lines = [line for count in asked.recipients for line in section(count, variants, figures)]
    lines.append(
        f"{asked.rounds} rounds, of rooms of {LARGE_ROOM:,} at most {ROUNDS_OF_LARGE_ROOMS}; {report.machine()}"
    )
    lines += notes
    title = "One message, from the event to the answer"
    report.write("sendmessage", title, lines, _bars(figures), unit="ms of CPU for each 1,000 recipients")


def measure(functions: Functions, variant: str, recipients: int, figures: Figures) -> None:
    """Measure the complete function and its reading, each in its own process."""
    whole, reading = (
        functions.python(place) if variant in PYTHON else node_sdk(place) for place in (PYTHON | NODE)[variant]
    )
    warming = WARMING_PYTHON if variant in PYTHON else WARMING_NODE
    taken = _last_pass(functions, whole, passes_for(recipients, warming), requests=1 + recipients)
    figures.cpu.append(taken["cpu"] * 1000)
    figures.wall.append(taken["wall"] * 1000)
    reads = _last_pass(functions, reading, (2, min(200, max(1, READ // recipients))), requests=1)
    figures.reading_cpu.append(reads["cpu"] * 1000)


def passes_for(recipients: int, warming: int) -> tuple[int, int]:
    """Return the number of passes for a room of this size, and of messages in each; one event precedes them."""
    messages = max(1, DELIVERIES // recipients)
    return 1 + max(0, warming - recipients) // (messages * recipients), messages


def section(recipients: int, variants: Sequence[str], figures: Mapping[Case, Figures]) -> list[str]:
    """Return the table for a room of this size, the cheapest variant first."""
    rows = []
    for variant in sorted(variants, key=lambda each: statistics.median(figures[recipients, each].cpu)):
        mine = figures[recipients, variant]
        cpu, reading = statistics.median(mine.cpu), statistics.median(mine.reading_cpu)
        wall = report.digits(statistics.median(mine.wall))
        rows.append([variant, report.summary(mine.cpu), wall, report.digits(reading), f"{reading / cpu:.0%}"])
    head = ["function", "CPU ms a message", "wall ms", "of it reading, CPU ms", "share of reading"]
    return [f"## {recipients:,} recipients", "", *report.table(head, rows), ""]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--recipients", type=int, nargs="+", default=RECIPIENTS)
    return parser.parse_args()


def _last_pass(
    functions: Functions, command: Sequence[str], repeat: tuple[int, int], *, requests: int
) -> dict[str, float]:
    """Return the seconds for one message in the last pass of a new process, in which everything is warm."""
    run = functions.run(command, "send_message", requests=requests, repeat=repeat)
    last: dict[str, float] = json.loads(run.stdout)[-1]
    return {clock: seconds / repeat[1] for clock, seconds in last.items()}


def _bars(figures: Mapping[Case, Figures]) -> dict[str, dict[str, float]]:
    bars: dict[str, dict[str, float]] = defaultdict(dict)
    for (count, variant), each in figures.items():
        bars[f"{count:,} recipients"][variant] = statistics.median(each.cpu) * 1000 / count
    return dict(bars)


if __name__ == "__main__":
    main()
