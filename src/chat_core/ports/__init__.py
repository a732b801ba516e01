"""What the core needs from the world, as interfaces that adapters implement."""

from chat_core.ports.checkpoint_store import CheckpointStore
from chat_core.ports.clock import Clock
from chat_core.ports.connection_store import ConnectionStore
from chat_core.ports.ids import Ids
from chat_core.ports.job_queue import JobQueue
from chat_core.ports.lease import Lease
from chat_core.ports.message_sink import MessageSink
from chat_core.ports.rate_limiter import RateLimiter
from chat_core.ports.tasks import StartTask, Task
from chat_core.ports.token_verifier import TokenVerifier

__all__ = [
    "CheckpointStore",
    "Clock",
    "ConnectionStore",
    "Ids",
    "JobQueue",
    "Lease",
    "MessageSink",
    "RateLimiter",
    "StartTask",
    "Task",
    "TokenVerifier",
]
