"""The duration of a broadcast to 10,000, 100,000 and 1,000,000 recipients within the quota.

`make bench-pacing`. nginx on another core accepts 10,000 posts a second with a burst of 5,000, as API Gateway does for
an account and a region, and answers the others with 429. The floor is the shortest time that the quota allows. The same
delivery without a pace, which runs into the quota, is measured for comparison.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections import defaultdict
from itertools import islice

from adapters.apigateway import ApiGatewayMessageSink, Pacer
from aws_client import environment_credentials
from benchmarks import endpoint, report
from benchmarks.processes import run_fresh
from benchmarks.target import PAYLOAD, connection_ids

RATE, BURST = 10_000, 5_000
RECIPIENTS = (10_000, 100_000, 1_000_000)
PAGE = 1_000
PAGES_AT_ONCE = 32
"""The pages that a broadcast delivers at once."""
PACED, UNPACED = "paced", "without a pace"
DEADLINE_SECONDS = 600.0


def main() -> None:
    """Measure, print and write the report; with a URL, be the process that is measured."""
    asked = _arguments()
    if asked.url:
        print(json.dumps(asyncio.run(_broadcast(asked.url, asked.recipients[0], paced=asked.variant == PACED))))
        return
    if reason := endpoint.missing():
        sys.exit(f"No endpoint can be started: {reason}.")
    rows: list[list[str]] = []
    bars: dict[str, dict[str, float]] = {}
    for count in asked.recipients:
        floor = (count - BURST) / RATE
        figures = _measure(count, asked.rounds if count < 1_000_000 else 1)
        for variant, passes in figures.items():
            wall = statistics.median(each["wall"] for each in passes)
            cpu = statistics.median(each["cpu"] for each in passes)
            throttled = statistics.median(each["throttled"] for each in passes)
            missed = statistics.median(each["missed"] for each in passes)
            rows.append(
                [
                    f"{count:,}",
                    variant,
                    f"{floor:.1f}",
                    f"{wall:.2f}",
                    f"{wall / floor:.2f}",
                    f"{cpu:.2f}",
                    f"{throttled:.0f}",
                    f"{missed:.0f}",
                ]
            )
            bars.setdefault(f"{count:,} recipients", {})[variant] = wall / floor
    head = ["recipients", "delivery", "floor, s", "took, s", "times the floor", "CPU s", "429s", "given up"]
    lines = [*report.table(head, rows), "", f"{asked.rounds} rounds, one of a million; {report.machine()}"]
    report.write("pacing", "Delivering within an account's quota", lines, bars, unit="times the floor")


def _measure(count: int, rounds: int) -> dict[str, list[dict[str, float]]]:
    variants = [PACED, UNPACED] if count < 1_000_000 else [PACED]
    figures: dict[str, list[dict[str, float]]] = defaultdict(list)
    for variant in report.shuffled_rounds(variants, rounds):
        # A new endpoint for each run: its bucket must be full.
        with endpoint.serve(quota=(RATE, BURST)) as served:
            command = [sys.executable, "-m", "benchmarks.pacing", "--recipients", str(count), "--variant", variant]
            url = f"{served.urls['https']}/{endpoint.STAGE}"
            run = run_fresh([*command, "--url", url], environment=served.environment)
        figures[variant].append(json.loads(run.stdout))
        report.progress(f"{count:,} {variant}: {figures[variant][-1]['wall']:.2f} s")
    return figures


async def _broadcast(url: str, count: int, *, paced: bool) -> dict[str, float]:
    """Deliver page by page, as a broadcast does; return the times in seconds, and how many posts were throttled."""
    pacer = Pacer() if paced else _Unpaced(rate=1e9, burst=1e9)
    sink = ApiGatewayMessageSink(
        url=url, region=endpoint.REGION, credentials=environment_credentials, pacer=pacer, concurrency=100
    )
    # As in a warm function: connected, and with a full bucket.
    await sink.deliver(payload=PAYLOAD, connection_ids=connection_ids(200), deadline=time.monotonic() + 10)
    await asyncio.sleep(0.2)
    ids = iter(connection_ids(count))
    started, cpu = time.monotonic(), time.process_time()
    delivered = retried = 0

    async def work() -> None:
        nonlocal delivered, retried
        while page := list(islice(ids, PAGE)):
            outcomes = await sink.deliver(payload=PAYLOAD, connection_ids=page, deadline=started + DEADLINE_SECONDS)
            delivered += outcomes.delivered
            retried += outcomes.retried

    async with sink:
        await asyncio.gather(*(work() for _ in range(PAGES_AT_ONCE)))
    # Without a pace, some recipients are throttled at every attempt.
    if paced and delivered != count:
        raise RuntimeError(f"{delivered} of {count} delivered")
    wall = time.monotonic() - started
    return {"wall": wall, "cpu": time.process_time() - cpu, "throttled": retried, "missed": count - delivered}


class _Unpaced(Pacer):
    """A pacer without a limit: its rate is out of reach and never decreases."""

    def decrease(self, now: float) -> None:
        pass


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--recipients", type=int, nargs="+", default=RECIPIENTS)
    parser.add_argument("--variant", default=PACED, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
