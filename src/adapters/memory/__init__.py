"""Adapters that keep everything in this process: for tests, and for a chat that needs one process only."""

from adapters.memory.connection_store import MemoryConnectionStore
from adapters.memory.fan_out_progress import MemoryFanOutProgress
from adapters.memory.fan_out_queue import MemoryFanOutQueue
from adapters.memory.message_sink import MemoryMessageSink
from adapters.memory.rate_limiter import MemoryRateLimiter
from adapters.memory.token_verifier import MemoryTokenVerifier

__all__ = [
    "MemoryConnectionStore",
    "MemoryFanOutProgress",
    "MemoryFanOutQueue",
    "MemoryMessageSink",
    "MemoryRateLimiter",
    "MemoryTokenVerifier",
]
