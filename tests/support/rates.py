"""A rate for tests, and a clock that a test sets."""

from dataclasses import dataclass

from chat_core import Rate

BURST = 5
INTERVAL = 0.25
RATE = Rate(per_second=1 / INTERVAL, burst=BURST)


@dataclass
class Clock:
    """Seconds since the epoch, which only a test advances."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now
