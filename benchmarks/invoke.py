"""Passes an event to a function, as Lambda's runtime would; a script that needs no other module of the benchmarks.

    python -P invoke.py <module>:<handler> <file with the event> <passes> <events a pass>

It handles one event first, then the passes, and prints the CPU time and the wall time of each pass in seconds, as JSON.
"""

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any


class Context:
    """The part of Lambda's context that the handlers use."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the time that is left to the function, in milliseconds."""
        return 60_000


def main() -> None:
    """Run the command line."""
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
    # Lambda freezes the process after an answer, so the interpreter's shutdown must not be measured.
    os._exit(0)


def invoke(handler: Any, event: Any) -> None:
    """Let the handler answer the event.

    Raises:
        RuntimeError: the answer is not the expected one.

    """
    answer = handler(event, Context())
    # $default answers every frame with a fault of its sender.
    due = (200, 400) if event["requestContext"]["routeKey"] == "$default" else (200,)
    if answer["statusCode"] not in due:
        raise RuntimeError(answer)


if __name__ == "__main__":
    main()
