"""The reports of all benchmarks: medians, tables, and a page with a plot in `benchmarks/results`."""

import os
import platform
import random
import statistics
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from benchmarks import plot

RESULTS = Path(__file__).parent / "results"
Case = TypeVar("Case")


def shuffled_rounds(cases: Sequence[Case], rounds: int) -> Iterator[Case]:
    """Return every case once in each round, in another order each time, so that drift affects all cases alike."""
    for _ in range(rounds):
        yield from random.sample(cases, len(cases))


def summary(values: Iterable[float]) -> str:
    """Return the median, the minimum and the maximum, to three digits."""
    ordered = sorted(values)
    if len(ordered) == 1:
        return digits(ordered[0])
    return f"{digits(statistics.median(ordered))} ({digits(ordered[0])} to {digits(ordered[-1])})"


def digits(value: float) -> str:
    """Format a figure to three digits if it is small, and without decimals otherwise."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table, with its numbers aligned to the right."""
    lines = [list(head), ["---", *("--:" for _ in head[1:])], *map(list, rows)]
    return ["| " + " | ".join(line) + " |" for line in lines]


def machine() -> str:
    """Describe the machine in one line."""
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}."


def progress(text: str) -> None:
    """Print a line of progress."""
    print(text, file=sys.stderr, flush=True)


def write(name: str, title: str, lines: Sequence[str], bars: Mapping[str, Mapping[str, float]], *, unit: str) -> None:
    """Print the lines, and write them to `results/<name>.md` above a plot of the bars, `<name>.svg`."""
    print(*lines, sep="\n")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.svg").write_text(plot.bar_chart(title, bars, unit=unit))
    text = [f"# {title}", "", *lines, "", f"![{title}]({name}.svg)"]
    (RESULTS / f"{name}.md").write_text("\n".join(text) + "\n")
