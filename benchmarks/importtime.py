"""A parser of the output of `python -X importtime`."""

import re
from collections.abc import Iterable

_LINE = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", re.MULTILINE)


def parse(output: str) -> list[tuple[str, int]]:
    """Return each imported module and its own microseconds, without those of the modules that it imports."""
    return [(name, int(own)) for own, name in _LINE.findall(output)]


def by_package(modules: Iterable[tuple[str, int]]) -> dict[str, tuple[int, int]]:
    """Return the microseconds and the number of modules of each top-level package, the most expensive first."""
    sums: dict[str, tuple[int, int]] = {}
    for name, own in modules:
        package = name.partition(".")[0]
        microseconds, count = sums.get(package, (0, 0))
        sums[package] = microseconds + own, count + 1
    return dict(sorted(sums.items(), key=lambda item: item[1], reverse=True))
