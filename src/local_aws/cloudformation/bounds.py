"""Limits of a template's size, checked before it becomes objects.

A few hundred bytes of aliases to aliases can stand for gigabytes ("billion laughs"), and a very deep document exhausts
the stack. No genuine template has either.
"""

from collections.abc import Iterator
from typing import Any, Final

import yaml  # type: ignore[import-untyped]

MOST_BYTES: Final = 1_000_000
"""CloudFormation's limit (its quotas, "Template body size in an Amazon S3 object")."""
DEEPEST: Final = 100
"""Nested maps and lists. CloudFormation names no such limit; real templates stay below thirty."""
MOST_VALUES: Final = 200_000
"""Values and keys, each alias counted as all that it stands for. A megabyte of the shortest values has as many."""
LONGEST_NUMBER: Final = 400
"""Characters. The largest double has 309 digits."""


class OutOfBounds(Exception):
    """The document exceeds a limit; the text says which."""


def check(events: Iterator[Any]) -> None:
    """Read all the events of a YAML document (those of PyYAML's `yaml.parse`).

    Raises:
        OutOfBounds: the document is too deep or too large, or an alias stands for a value that contains it.
        yaml.YAMLError: the document is not YAML.

    """
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    """The anchor of each open map and list, and the number of values before it."""
    total = 0
    for event in events:
        match event:
            case yaml.CollectionStartEvent():
                open_nodes.append((event.anchor, total))
                total += 1
                if len(open_nodes) > DEEPEST:
                    raise OutOfBounds(f"nested more than {DEEPEST} deep")
            case yaml.CollectionEndEvent():
                anchor, before = open_nodes.pop()
                if anchor is not None:
                    sizes[anchor] = total - before
            case yaml.ScalarEvent():
                total += 1
                if event.anchor is not None:
                    sizes[event.anchor] = 1
            case yaml.AliasEvent():
                if any(anchor == event.anchor for anchor, _ in open_nodes):
                    raise OutOfBounds(f"the alias *{event.anchor} stands for something that it is in")
                total += sizes.get(event.anchor, 1)
        if total > MOST_VALUES:
            raise OutOfBounds(f"more than {MOST_VALUES:,} values, each alias counted as all that it stands for")
