"""How far fan-outs have come, in a dictionary."""

import math

from chat_core.model import Position
from chat_core.ports import FanOutProgress


class MemoryFanOutProgress(FanOutProgress):
    """Keeps positions for as long as the process lives."""

    def __init__(self) -> None:
        self._positions: dict[str, Position] = {}

    async def position(self, *, fan_out: str, deadline: float = math.inf) -> Position | None:
        return self._positions.get(fan_out)

    async def move(self, *, fan_out: str, to: Position, deadline: float = math.inf) -> bool:
        before = self._positions.get(fan_out, Position())
        if before.step != to.step - 1:
            return False
        self._positions[fan_out] = to
        return True
