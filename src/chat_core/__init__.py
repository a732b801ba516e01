"""A chat's logic, without a transport, a store or a cloud: the standard library alone.

Give the use cases a store and a sink (your own, or those in `adapters`), and call them when a connection opens, speaks
or ends.
"""

from chat_core.errors import (
    ChatError,
    Forbidden,
    InvalidRequest,
    MalformedFrame,
    MessageTooLarge,
    Rejected,
    Unauthenticated,
    Unavailable,
    UnknownAction,
)
from chat_core.model import LOBBY, Connection, FanOut, Format, Position, Principal, RecipientsPage
from chat_core.ports import (
    ConnectionStore,
    FanOutProgress,
    FanOutQueue,
    MessageSink,
    Outcome,
    Outcomes,
    StartTask,
    Task,
    TokenVerifier,
)
from chat_core.protocol import SUBPROTOCOL, choose_format
from chat_core.use_cases import (
    Broadcast,
    BroadcastReport,
    Connect,
    ContinueFanOut,
    Disconnect,
    HandOn,
    Message,
    Receipt,
    ReceivedFrame,
    ReceiveFrame,
    RefuseFrame,
    RoomDelivery,
)

__all__ = [
    "LOBBY",
    "SUBPROTOCOL",
    "Broadcast",
    "BroadcastReport",
    "ChatError",
    "Connect",
    "Connection",
    "ConnectionStore",
    "ContinueFanOut",
    "Disconnect",
    "FanOut",
    "FanOutProgress",
    "FanOutQueue",
    "Forbidden",
    "Format",
    "HandOn",
    "InvalidRequest",
    "MalformedFrame",
    "Message",
    "MessageSink",
    "MessageTooLarge",
    "Outcome",
    "Outcomes",
    "Position",
    "Principal",
    "Receipt",
    "ReceiveFrame",
    "ReceivedFrame",
    "RecipientsPage",
    "RefuseFrame",
    "Rejected",
    "RoomDelivery",
    "StartTask",
    "Task",
    "TokenVerifier",
    "Unauthenticated",
    "Unavailable",
    "UnknownAction",
    "choose_format",
]
