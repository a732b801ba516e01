"""What the core needs from the world, as interfaces that adapters implement."""

from chat_core.ports.audience import Audience
from chat_core.ports.clock import Clock
from chat_core.ports.ids import Ids
from chat_core.ports.lease import Lease
from chat_core.ports.message_sink import MessageSink
from chat_core.ports.presence import RoomPresence
from chat_core.ports.rate_limiter import RateLimiter
from chat_core.ports.room_feed import RoomFeed, TurnLost
from chat_core.ports.room_history import RoomHistory
from chat_core.ports.sessions import Sessions
from chat_core.ports.subscriptions import Before, Subscriptions
from chat_core.ports.tasks import Sleep, StartTask, Task
from chat_core.ports.token_verifier import TokenVerifier
from chat_core.ports.wake_ups import WakeUps

__all__ = [
    "Audience",
    "Before",
    "Clock",
    "Ids",
    "Lease",
    "MessageSink",
    "RateLimiter",
    "RoomFeed",
    "RoomHistory",
    "RoomPresence",
    "Sessions",
    "Sleep",
    "StartTask",
    "Subscriptions",
    "Task",
    "TokenVerifier",
    "TurnLost",
    "WakeUps",
]
