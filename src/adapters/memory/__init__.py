"""Adapters that keep everything in this process: for tests, and for a chat that needs one process only."""

from adapters.memory.checkpoint_store import MemoryCheckpointStore
from adapters.memory.connection_store import MemoryConnectionStore
from adapters.memory.job_queue import MemoryJobQueue
from adapters.memory.message_sink import MemoryMessageSink
from adapters.memory.rate_limiter import MemoryRateLimiter
from adapters.memory.token_verifier import MemoryTokenVerifier

__all__ = [
    "MemoryCheckpointStore",
    "MemoryConnectionStore",
    "MemoryJobQueue",
    "MemoryMessageSink",
    "MemoryRateLimiter",
    "MemoryTokenVerifier",
]
