"""A remote document, fetched when it is first needed and again when it has expired."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from chat_core.errors import Unavailable

T = TypeVar("T")

Fetch = Callable[[], Awaitable[bytes]]
"""Fetches the document. Any exception means that the fetch failed."""


class Cached(Generic[T]):
    """The parsed document. Concurrent callers share one fetch."""

    def __init__(
        self,
        fetch: Fetch,
        parse: Callable[[bytes], T],
        *,
        what: str,
        ttl_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the parameters. Nothing is fetched yet.

        Args:
            fetch: fetches the document.
            parse: parses the document; raises ValueError if it is malformed.
            what: the name of the document in error messages.
            ttl_seconds: how long a fetched document is used.
            clock: returns seconds.

        """
        self._fetch = fetch
        self._parse = parse
        self._what = what
        self._ttl = ttl_seconds
        self._clock = clock
        self._tried_at = -math.inf
        self._held: tuple[float, T] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def get(self) -> T:
        """Return the document; fetch it again if it has expired.

        Raises:
            Unavailable: it could not be fetched. The next call tries again.

        """
        async with self._one_at_a_time:
            if self._held is not None and self._clock() - self._held[0] < self._ttl:
                return self._held[1]
            return await self._renew()

    async def refresh(self, *, min_interval: float) -> T | None:
        """Fetch the document again; return None if the last attempt is less than `min_interval` seconds ago.

        Raises:
            Unavailable: it could not be fetched.

        """
        async with self._one_at_a_time:
            if self._clock() - self._tried_at < min_interval:
                return None
            return await self._renew()

    async def _renew(self) -> T:
        self._tried_at = self._clock()
        try:
            value = self._parse(await self._fetch())
        except Exception as exc:
            # The text of the cause is for the log, never for a client.
            raise Unavailable(f"{self._what} could not be read.") from exc
        self._held = (self._tried_at, value)
        return value
