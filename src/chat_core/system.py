"""The clock and the ids of the running process: what a chat uses unless it is given others."""

import time
import uuid

from chat_core.ports import Clock, Ids


class SystemClock(Clock):
    """Python's own clock."""

    def monotonic(self) -> float:
        """Return `time.monotonic()`."""
        return time.monotonic()

    def now(self) -> float:
        """Return `time.time()`."""
        return time.time()


class RandomIds(Ids):
    """Random UUIDs (RFC 9562, section 5.4), as 32 hexadecimal digits."""

    def new(self) -> str:
        """Return 122 random bits."""
        return uuid.uuid4().hex
