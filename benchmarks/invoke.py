"""Hands an event to a function, as Lambda's runtime would; a script, which nothing else of the benchmarks goes with.

    python -P invoke.py <module>:<handler> <file with the event> <passes> <events a pass>

One event comes first, then the passes; it prints the seconds of CPU and of the clock that each pass took, as JSON.
"""

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any


class Context:
    """The part of Lambda's context that handlers use here."""

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the function may still run."""
        return 60_000


def main() -> None:
    """Do as the command line says."""
    place, event_file, *repeat = sys.argv[1:]
    module, _, name = place.partition(":")
    handler = getattr(importlib.import_module(module), name)
    event = json.loads(Path(event_file).read_bytes())
    passes, events = map(int, repeat)
    invoke(handler, event)
    figures = []
    for _ in range(passes):
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(events):
            invoke(handler, event)
        figures.append({"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall})
    if passes:
        print(json.dumps(figures), flush=True)
    # Lambda freezes the process after an answer: taking the interpreter down is no part of it.
    os._exit(0)


def invoke(handler: Any, event: Any) -> None:
    """Have the event answered.

    Raises:
        RuntimeError: the answer is not the one that is due.

    """
    answer = handler(event, Context())
    # What $default takes is always a fault of its sender.
    due = (200, 400) if event["requestContext"]["routeKey"] == "$default" else (200,)
    if answer["statusCode"] not in due:
        raise RuntimeError(answer)


if __name__ == "__main__":
    main()
