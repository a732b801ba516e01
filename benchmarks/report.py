"""What every benchmark does with its figures: medians, tables, and a page with a plot under `benchmarks/results`."""

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
    """Return every case once a round, each round in another order: what drifts meets all of them alike."""
    for _ in range(rounds):
        yield from random.sample(cases, len(cases))


def summary(values: Iterable[float]) -> str:
    """Return the median with the least and the most beside it, to three digits."""
    ordered = sorted(values)
    if len(ordered) == 1:
        return digits(ordered[0])
    return f"{digits(statistics.median(ordered))} ({digits(ordered[0])} to {digits(ordered[-1])})"


def digits(value: float) -> str:
    """Return a figure to three digits where it is small, and whole where it is not."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table, numbers to the right."""
    lines = [list(head), ["---", *("--:" for _ in head[1:])], *map(list, rows)]
    return ["| " + " | ".join(line) + " |" for line in lines]


def machine() -> str:
    """Return what the figures were measured on, in a line."""
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}."


def progress(text: str) -> None:
    """Say how far it has come."""
    print(text, file=sys.stderr, flush=True)


def write(name: str, title: str, lines: Sequence[str], bars: Mapping[str, Mapping[str, float]], *, unit: str) -> None:
    """Print the lines, and write them to `results/<name>.md` above a plot of the bars, which is `<name>.svg`."""
    print(*lines, sep="\n")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.svg").write_text(plot.bar_chart(title, bars, unit=unit))
    text = [f"# {title}", "", *lines, "", f"![{title}]({name}.svg)"]
    (RESULTS / f"{name}.md").write_text("\n".join(text) + "\n")
