"""What the core needs from the world, as interfaces that adapters implement."""

from chat_core.ports.connection_store import ConnectionStore
from chat_core.ports.fan_out_progress import FanOutProgress
from chat_core.ports.fan_out_queue import FanOutQueue
from chat_core.ports.message_sink import MessageSink, Outcome, Outcomes
from chat_core.ports.rate_limiter import RateLimiter
from chat_core.ports.tasks import StartTask, Task
from chat_core.ports.token_verifier import TokenVerifier

__all__ = [
    "ConnectionStore",
    "FanOutProgress",
    "FanOutQueue",
    "MessageSink",
    "Outcome",
    "Outcomes",
    "RateLimiter",
    "StartTask",
    "Task",
    "TokenVerifier",
]
