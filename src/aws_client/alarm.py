"""One timer for everything that is to happen later."""

import asyncio
import math
import time
from collections.abc import Callable
from typing import Final

_CLOSE_SECONDS: Final = 0.0005
"""An alarm is not moved by less than this: replacing the timer for each request would cost more than it gains."""


class Alarm:
    """Calls back once, at the earliest of the times that it was set to since it last rang."""

    def __init__(self, on_ring: Callable[[], None]) -> None:
        self._on_ring = on_ring
        self._timer: asyncio.TimerHandle | None = None
        self._when = math.inf

    def set(self, when: float) -> None:
        """Ring at this time, on the scale of `time.monotonic()` in seconds, unless an earlier one is set."""
        if when < self._when - _CLOSE_SECONDS:
            self.cancel()
            self._when = when
            self._timer = asyncio.get_running_loop().call_later(max(0.0, when - time.monotonic()), self._ring)

    def cancel(self) -> None:
        """Forget the time that was set."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._when = None, math.inf

    def _ring(self) -> None:
        self._timer, self._when = None, math.inf
        self._on_ring()
