"""A rate that tests count by, and a clock that stands still."""

from dataclasses import dataclass

from chat_core import Rate

BURST = 5
INTERVAL = 0.25
RATE = Rate(per_second=1 / INTERVAL, burst=BURST)


@dataclass
class Clock:
    """Seconds since the epoch, which only a test moves on."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now
