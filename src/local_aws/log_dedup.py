"""A log that suppresses repeated lines."""

import time
from collections.abc import Callable

QUIET_SECONDS = 5.0


class DedupLog:
    """Writes a line unless it was written in the last five seconds: a broadcast may fail thousands of times alike."""

    def __init__(self, log: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._clock = clock
        self._written: dict[str, float] = {}

    def __call__(self, line: str) -> None:
        """Write a line, or suppress it."""
        now = self._clock()
        if now - self._written.get(line, -QUIET_SECONDS) < QUIET_SECONDS:
            return
        # Older lines would be written again anyway.
        self._written = {each: at for each, at in self._written.items() if now - at < QUIET_SECONDS} | {line: now}
        self._log(line)
