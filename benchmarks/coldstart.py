"""The cost of a cold start, from the start of the process to the first answer, for each of the four functions.

`make bench-coldstart`. Our functions are compared with the same functions on boto3, and on AWS SDK v3 in Node. A sample
is a process on one core that imports the function, passes it a real event, and ends with its answer. nginx plays
DynamoDB and `@connections` on another core, over TLS. Lambda's runtime client is not included; it is the same for all
variants.
"""

import argparse
import statistics
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks import endpoint, node, report
from benchmarks.functions import EVENTS, Functions, node_sdk, prepared
from benchmarks.importtime import by_package, parse
from benchmarks.processes import Run
from benchmarks.target import connection_ids

OURS, BOTO3, SDK_V3 = "ours", "boto3", "AWS SDK v3, Node"
NO_BYTECODE = ", no .pyc"
RECIPIENTS = 10
PACKAGES_SHOWN = 15
ROUTES = {"connect": "$connect", "disconnect": "$disconnect", "send_message": "sendmessage", "default": "$default"}


@dataclass
class Figures:
    """Milliseconds, one value for each round."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)


Case = tuple[str, str]
"""A variant and a function."""


def main() -> None:
    """Measure, print and write the report."""
    asked = _arguments()
    if reason := endpoint.missing():
        sys.exit(f"No endpoint can answer the functions: {reason}.")
    variants = [OURS, OURS + NO_BYTECODE, BOTO3, BOTO3 + NO_BYTECODE]
    notes = []
    if reason := node.missing():
        notes = [f"{SDK_V3} is left out: {reason}."]
    else:
        variants.append(SDK_V3)
    cases = [(variant, function) for variant in variants for function in EVENTS]
    figures: dict[Case, Figures] = defaultdict(Figures)
    with prepared(recipients=connection_ids(RECIPIENTS)) as functions:
        for variant, function in report.shuffled_rounds(cases, asked.rounds):
            run = start(functions, variant, function)
            figures[variant, function].cpu.append(run.cpu * 1000)
            figures[variant, function].wall.append(run.wall * 1000)
            report.progress(f"{variant}: {ROUTES[function]}: {run.cpu * 1000:.0f} ms of CPU")
        imports = functions.run(
            functions.python(_place("send_message"), "-X", "importtime"), "send_message", requests=2
        ).stderr
    lines = _section("CPU ms", variants, {case: each.cpu for case, each in figures.items()})
    lines += _section("wall ms", variants, {case: each.wall for case, each in figures.items()})
    lines += _imports_section(imports)
    lines += [f"{asked.rounds} rounds; sendmessage has {RECIPIENTS} recipients; {report.machine()}", *notes]
    title = "From the start of the process to the first answer"
    report.write("coldstart", title, lines, _bars(variants, figures), unit="ms of CPU")


def start(functions: Functions, variant: str, function: str) -> Run:
    """Handle the function's event in a new process."""
    requests = 1 + RECIPIENTS if function == "send_message" else 1
    if variant == SDK_V3:
        return functions.run(node_sdk(f"{function}:handler"), function, requests=requests)
    place = _place(function) if variant.startswith(OURS) else f"boto3_functions:{function}"
    return functions.run(
        functions.python(place), function, requests=requests, bytecode=not variant.endswith(NO_BYTECODE)
    )


def _place(function: str) -> str:
    return f"entrypoints.aws_lambda.{function}:handler"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    return parser.parse_args()


def _section(title: str, variants: Sequence[str], figures: Mapping[Case, Sequence[float]]) -> list[str]:
    rows = [[variant, *(report.summary(figures[variant, each]) for each in EVENTS)] for variant in variants]
    return [f"## {title}", "", *report.table(["function", *(ROUTES[each] for each in EVENTS)], rows), ""]


def _imports_section(output: str) -> list[str]:
    """Return the import times of our `sendmessage`, the most expensive packages first."""
    spent = by_package(parse(output))
    rows = [
        [name, f"{microseconds / 1000:.1f}", str(modules)]
        for name, (microseconds, modules) in list(spent.items())[:PACKAGES_SHOWN]
    ]
    total = sum(microseconds for microseconds, _ in spent.values()) / 1000
    head = ["package", "its own ms", "modules"]
    return [f"## What our sendmessage imports: {total:.0f} ms under `-X importtime`", "", *report.table(head, rows), ""]


def _bars(variants: Sequence[str], figures: Mapping[Case, Figures]) -> dict[str, dict[str, float]]:
    return {
        ROUTES[function]: {variant: statistics.median(figures[variant, function].cpu) for variant in variants}
        for function in EVENTS
    }


if __name__ == "__main__":
    main()
