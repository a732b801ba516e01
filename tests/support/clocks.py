"""A clock that is set by hand."""

import asyncio

from chat_core import Clock


class HandClock(Clock):
    """Stands still until a test lets time pass, which ends the sleeps whose time has come.

    `monotonic` begins far from zero, as that of a machine does; `now` is a day of this century.
    """

    def __init__(self) -> None:
        self._passed = 0.0
        self._sleeps: list[tuple[float, asyncio.Future[None]]] = []

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += seconds
        for until, sleep in self._sleeps:
            if until <= self._passed and not sleep.done():
                sleep.set_result(None)
        self._sleeps = [each for each in self._sleeps if not each[1].done()]

    def monotonic(self) -> float:
        return 1_000_000.0 + self._passed

    def now(self) -> float:
        return 1_800_000_000.0 + self._passed

    async def sleep(self, seconds: float) -> None:
        """Wait until a test has let that time pass: what `Sleep` is to the core."""
        sleep: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleeps.append((self._passed + seconds, sleep))
        await sleep
