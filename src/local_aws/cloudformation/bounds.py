"""How large a template may be, measured before it is made into objects.

A few hundred bytes of aliases of aliases stand for gigabytes ("billion laughs"), and a document that is nested deep
enough ends whoever walks through it. Neither is found in a template that somebody means.
"""

from collections.abc import Iterator
from typing import Any, Final

import yaml  # type: ignore[import-untyped]

MOST_BYTES: Final = 1_000_000
"""What CloudFormation takes of a template in S3 (its quotas, "Template body size in an Amazon S3 object")."""
DEEPEST: Final = 100
"""Maps and lists inside each other. CloudFormation names no such limit; real templates stay below thirty."""
MOST_VALUES: Final = 200_000
"""Values and keys, with each alias counted as all that it stands for: a megabyte of the shortest ones has as many."""
LONGEST_NUMBER: Final = 400
"""Characters. The largest that a processor calculates with have 309 digits."""


class OutOfBounds(Exception):
    """The document is larger than any template; the text says in what."""


def check(events: Iterator[Any]) -> None:
    """Read the events of a YAML document to their end (PyYAML's, of `yaml.parse`).

    Raises:
        OutOfBounds: it is too deep or too large, or an alias stands for something that it is itself in.
        yaml.YAMLError: it is no YAML.

    """
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    """Of each map and list that has not ended: its anchor, and how many values there were before it."""
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
