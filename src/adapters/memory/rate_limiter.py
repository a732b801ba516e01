"""The rate of each sender, in a dictionary."""

import math
import time
from collections.abc import Callable

from chat_core.domain.rate import Rate
from chat_core.ports import RateLimiter

_FEWEST_KEPT = 1000


class MemoryRateLimiter(RateLimiter):
    """Counts for as long as the process lives. A sender that pauses takes no memory."""

    def __init__(self, rate: Rate, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._due: dict[str, float] = {}
        self._clean_at = _FEWEST_KEPT

    async def admit(self, *, sender: str, deadline: float = math.inf) -> bool:
        now = self._clock()
        due = max(self._due.get(sender, now), now)
        if due > now + self._rate.slack:
            return False
        self._due[sender] = due + self._rate.interval
        if len(self._due) >= self._clean_at:
            self._due = {each: due for each, due in self._due.items() if due > now}
            self._clean_at = max(_FEWEST_KEPT, 2 * len(self._due))
        return True
