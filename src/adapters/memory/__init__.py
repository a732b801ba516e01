"""Adapters that keep everything in this process: for tests, and for a chat that needs one process only."""

from adapters.memory.message_sink import MemoryMessageSink
from adapters.memory.rate_limiter import MemoryRateLimiter
from adapters.memory.room_feed import MemoryRoomFeed
from adapters.memory.room_history import MemoryRoomHistory
from adapters.memory.rooms import MemoryRooms
from adapters.memory.token_verifier import MemoryTokenVerifier
from adapters.memory.wake_ups import MemoryWakeUps

__all__ = [
    "MemoryMessageSink",
    "MemoryRateLimiter",
    "MemoryRoomFeed",
    "MemoryRoomHistory",
    "MemoryRooms",
    "MemoryTokenVerifier",
    "MemoryWakeUps",
]
