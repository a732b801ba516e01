"""A document from elsewhere, fetched when it is first needed and again when it has grown old."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from chat_core.errors import Unavailable

T = TypeVar("T")

Fetch = Callable[[], Awaitable[bytes]]
"""Gets the document; whatever it raises means that it could not."""


class Cached(Generic[T]):
    """What `parse` makes of the document; one fetch at a time, however many ask."""

    def __init__(
        self,
        fetch: Fetch,
        parse: Callable[[bytes], T],
        *,
        what: str,
        ttl_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Remember how to fetch; nothing is fetched yet.

        Args:
            fetch: gets the document.
            parse: reads it; raises ValueError where it is not what was asked for.
            what: names the document in errors.
            ttl_seconds: how long it is used.
            clock: in seconds.

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
        """Return the document, fetched anew where it is too old.

        Raises:
            Unavailable: it could not be fetched. The next call tries again.

        """
        async with self._one_at_a_time:
            if self._held is not None and self._clock() - self._held[0] < self._ttl:
                return self._held[1]
            return await self._renew()

    async def get_newer(self, *, than_seconds: float) -> T | None:
        """Fetch the document again; return None where the last attempt at it is not yet so many seconds old.

        Raises:
            Unavailable: it could not be fetched.

        """
        async with self._one_at_a_time:
            if self._clock() - self._tried_at < than_seconds:
                return None
            return await self._renew()

    async def _renew(self) -> T:
        self._tried_at = self._clock()
        try:
            value = self._parse(await self._fetch())
        except Exception as exc:
            # Whatever the fetch is made of, the reason it gives is for the log, not for a client.
            raise Unavailable(f"{self._what} could not be read.") from exc
        self._held = (self._tried_at, value)
        return value
