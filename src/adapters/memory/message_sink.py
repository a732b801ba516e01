"""Delivery to connections that this process itself holds."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence

from chat_core.domain.outcome import Outcome, Outcomes
from chat_core.ports import MessageSink

Send = Callable[[str], Awaitable[None]]
"""Sends one text to one client.

Raises:
    ConnectionError: the client has left.
    asyncio.QueueFull: it reads so slowly that nothing more is buffered for it.

"""

Close = Callable[[], object]
"""Ends one client's connection."""


def _leave_open() -> None:
    pass


class MemoryMessageSink(MessageSink):
    """Calls the function that was attached to each connection, all of them concurrently.

    Needs a running asyncio loop.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sends: dict[str, Send] = {}
        self._closes: dict[str, Close] = {}

    def attach(self, connection_id: str, send: Send, close: Close = _leave_open) -> None:
        """Send payloads to the connection by `send`, and end it by `close`."""
        self._sends[connection_id] = send
        self._closes[connection_id] = close

    def detach(self, connection_id: str) -> None:
        """Treat the connection as gone from now on. A connection that was never attached is gone already."""
        self._sends.pop(connection_id, None)
        self._closes.pop(connection_id, None)

    async def disconnect(self, *, connection_ids: Sequence[str], deadline: float) -> Sequence[str]:
        for each in connection_ids:
            close = self._closes.get(each, _leave_open)
            self.detach(each)
            close()
        return connection_ids

    async def deliver(self, *, payload: str, connection_ids: Sequence[str], deadline: float) -> Outcomes:
        results = await asyncio.gather(*(self._send(payload, each, deadline) for each in connection_ids))
        return Outcomes.of(dict(zip(connection_ids, results, strict=True)))

    async def _send(self, payload: str, connection_id: str, deadline: float) -> Outcome:
        send = self._sends.get(connection_id)
        if send is None:
            return Outcome.GONE
        seconds = deadline - self._clock()
        if seconds <= 0:
            # With a time-out in the past, a send that does not wait would still run.
            return Outcome.NOT_TRIED
        try:
            async with asyncio.timeout(None if math.isinf(seconds) else seconds):
                await send(payload)
        except Exception as exc:  # noqa: BLE001  no failure of one connection may fail the others
            return _failure(exc)
        return Outcome.DELIVERED


def _failure(exc: Exception) -> Outcome:
    match exc:
        case TimeoutError():
            return Outcome.TIMED_OUT
        case asyncio.QueueFull():
            return Outcome.SLOW
        case ConnectionError():
            return Outcome.GONE
        case _:
            return Outcome.UNAVAILABLE
