"""A log that does not repeat itself."""

import time
from collections.abc import Callable

QUIET_SECONDS = 5.0


class DedupLog:
    """Writes a line, unless it was written a moment ago: a broadcast may fail thousands of times in one way."""

    def __init__(self, log: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._clock = clock
        self._written: dict[str, float] = {}

    def __call__(self, line: str) -> None:
        """Write the line, or leave it out."""
        now = self._clock()
        if now - self._written.get(line, -QUIET_SECONDS) < QUIET_SECONDS:
            return
        # What is old enough to be written again need not be remembered.
        self._written = {each: at for each, at in self._written.items() if now - at < QUIET_SECONDS} | {line: now}
        self._log(line)
