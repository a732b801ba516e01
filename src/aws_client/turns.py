"""Whose request is sent next: the sources of a pool take turns."""

import math
from collections import deque

from aws_client.source import Gate, PendingRequest, Source


class Turns:
    """The sources under way, each served in turn with the others, as far as the gate has permits."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._sources: deque[Source] = deque()

    def add(self, source: Source) -> None:
        """Serve a source from now on."""
        self._sources.append(source)

    def remove(self, source: Source) -> None:
        """Serve a source no more."""
        self._sources.remove(source)

    def ready(self, now: float) -> int:
        """Return how many requests could be sent now, given enough connections."""
        return min(self._gate.available(now), sum(source.ready(now) for source in self._sources))

    def take(self, now: float) -> PendingRequest | None:
        """Return the request that is to be sent next; None if none may be sent now."""
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
        """Return when more requests may be sent without anything else happening; infinity if never.

        A request that is due already waits for a connection, not for time.
        """
        if not self._gate.available(now):
            return self._gate.next_refill()
        return min((due for source in self._sources if (due := source.next_due()) > now), default=math.inf)
