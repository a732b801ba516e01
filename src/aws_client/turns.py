"""Which request a pool sends next: its sources take turns."""

import math
from collections import deque

from aws_client.source import Gate, PendingRequest, Source


class Turns:
    """The sources of a pool, which take turns for each request, and the gate that all of them share."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._sources: deque[Source] = deque()

    def add(self, source: Source) -> None:
        """Give a source turns from now on."""
        self._sources.append(source)

    def remove(self, source: Source) -> None:
        """Give a source no more turns."""
        self._sources.remove(source)

    def ready(self, now: float) -> int:
        """Return how many requests could be sent now if there were enough connections."""
        return min(self._gate.available(now), sum(source.ready(now) for source in self._sources))

    def take(self, now: float) -> PendingRequest | None:
        """Return the next request, which the caller must send now; None if none is ready or permitted."""
        if not self._gate.take(now):
            return None
        sources = self._sources
        for source in sources:
            request = source.take(now)
            if request is not None:
                if len(sources) > 1:
                    sources.remove(source)
                    sources.append(source)
                return request
        self._gate.release()
        return None

    def next_due(self, now: float) -> float:
        """Return when more requests become ready or permitted without anything else happening; infinity if never.

        Must be called when none is ready or permitted now.
        """
        if self._sources and not self._gate.available(now):
            return self._gate.next_refill()
        return min((source.next_due() for source in self._sources), default=math.inf)
