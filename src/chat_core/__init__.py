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
from chat_core.model import LOBBY, Connection, Format, Principal, RecipientsPage
from chat_core.ports import ConnectionStore, MessageSink, Outcome, Outcomes, StartTask, Task, TokenVerifier
from chat_core.protocol import SUBPROTOCOL, choose_format
from chat_core.use_cases import (
    Broadcast,
    BroadcastReport,
    Connect,
    Disconnect,
    Message,
    Receipt,
    ReceivedFrame,
    ReceiveFrame,
    RefuseFrame,
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
    "Disconnect",
    "Forbidden",
    "Format",
    "InvalidRequest",
    "MalformedFrame",
    "Message",
    "MessageSink",
    "MessageTooLarge",
    "Outcome",
    "Outcomes",
    "Principal",
    "Receipt",
    "ReceiveFrame",
    "ReceivedFrame",
    "RecipientsPage",
    "RefuseFrame",
    "Rejected",
    "StartTask",
    "Task",
    "TokenVerifier",
    "Unauthenticated",
    "Unavailable",
    "UnknownAction",
    "choose_format",
]
