"""Wake-ups in a list."""

import math
from collections import deque

from chat_core.ports import WakeUps


class MemoryWakeUps(WakeUps):
    """Keeps wake-ups in `waiting`, from where a worker takes them: each the room and the delay in seconds."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[str, int]] = deque()

    async def send(self, room: str, *, delay: int = 0, deadline: float = math.inf) -> None:
        self.waiting.append((room, delay))
