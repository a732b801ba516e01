"""Fan-outs in a list."""

import math
from collections import deque

from chat_core.model import FanOut
from chat_core.ports import FanOutQueue


class MemoryFanOutQueue(FanOutQueue):
    """Keeps fan-outs for whoever takes them out of `waiting`, first in first out."""

    def __init__(self) -> None:
        self.waiting: deque[FanOut] = deque()

    async def hand_on(self, fan_out: FanOut, *, deadline: float = math.inf) -> None:
        self.waiting.append(fan_out)
