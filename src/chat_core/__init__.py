"""A chat's logic, without a transport, a store or a cloud: the standard library alone.

`Chat.of` makes every use case from a store and a sink (your own, or those in `adapters`). Call the use cases when a
connection opens, sends a frame, or ends.
Each name is imported when it is first used: a function of AWS Lambda pays in its cold start for what it needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chat_core.chat import Chat, GivenPorts, Ports, RoomStore
    from chat_core.domain.closing import Closing, ConnectionEnded
    from chat_core.domain.commands import (
        Command,
        Connect,
        CountPresence,
        Join,
        Leave,
        Publish,
        ReadHistory,
        ReadPresence,
        SendMessage,
    )
    from chat_core.domain.connection import AudiencePage, ClientInfo, Connection, Group, Member, Session, Waiting
    from chat_core.domain.events import Event, KeepAlive, MemberJoined, MemberLeft, MessagePublished, SubscriptionEnded
    from chat_core.domain.feed import Appended, Held, Joiner, Turn
    from chat_core.domain.history import Missed, Stream, StreamPosition
    from chat_core.domain.outcome import Outcome, Outcomes
    from chat_core.domain.principal import Principal
    from chat_core.domain.rate import Rate
    from chat_core.domain.replies import Connected, History, Joined, Left, Presence, PresenceCount, Published, Reply
    from chat_core.domain.report import Report
    from chat_core.domain.room import EVERYONE, LOBBY, RoomOptions, Rooms
    from chat_core.domain.room_settings import WrongSettings, read_rooms
    from chat_core.errors import (
        ChatError,
        ConnectionClosed,
        Forbidden,
        InvalidRequest,
        LimitExceeded,
        MalformedFrame,
        MessageTooLarge,
        NotAvailable,
        PermissionDenied,
        Rejected,
        RoomBusy,
        Superseded,
        TooManyRequests,
        Unauthenticated,
        Unavailable,
        UnknownAction,
        UnknownRoom,
        Unrecoverable,
    )
    from chat_core.fanout.budget import Budget
    from chat_core.limits import Limits
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
    from chat_core.system import RandomIds, SystemClock
    from chat_core.use_cases.open_connection import Handshake, Opened
    from chat_core.use_cases.receive_frame import Frame, FrameResult, ReceiveFrame
    from chat_core.wire.codec import Codec
    from chat_core.wire.codecs import Codecs

__all__ = [
    "EVERYONE",
    "LOBBY",
    "Appended",
    "Audience",
    "AudiencePage",
    "Before",
    "Budget",
    "Chat",
    "ChatError",
    "ClientInfo",
    "Clock",
    "Closing",
    "Codec",
    "Codecs",
    "Command",
    "Connect",
    "Connected",
    "Connection",
    "ConnectionClosed",
    "ConnectionEnded",
    "CountPresence",
    "Event",
    "Forbidden",
    "Frame",
    "FrameResult",
    "GivenPorts",
    "Group",
    "Handshake",
    "Held",
    "History",
    "Ids",
    "InvalidRequest",
    "Join",
    "Joined",
    "Joiner",
    "KeepAlive",
    "Lease",
    "Leave",
    "Left",
    "LimitExceeded",
    "Limits",
    "MalformedFrame",
    "Member",
    "MemberJoined",
    "MemberLeft",
    "MessagePublished",
    "MessageSink",
    "MessageTooLarge",
    "Missed",
    "NotAvailable",
    "Opened",
    "Outcome",
    "Outcomes",
    "PermissionDenied",
    "Ports",
    "Presence",
    "PresenceCount",
    "Principal",
    "Publish",
    "Published",
    "RandomIds",
    "Rate",
    "RateLimiter",
    "ReadHistory",
    "ReadPresence",
    "ReceiveFrame",
    "Rejected",
    "Reply",
    "Report",
    "RoomBusy",
    "RoomFeed",
    "RoomHistory",
    "RoomOptions",
    "RoomPresence",
    "RoomStore",
    "Rooms",
    "SendMessage",
    "Session",
    "Sessions",
    "Sleep",
    "StartTask",
    "Stream",
    "StreamPosition",
    "SubscriptionEnded",
    "Subscriptions",
    "Superseded",
    "SystemClock",
    "Task",
    "TokenVerifier",
    "TooManyRequests",
    "Turn",
    "TurnLost",
    "Unauthenticated",
    "Unavailable",
    "UnknownAction",
    "UnknownRoom",
    "Unrecoverable",
    "Waiting",
    "WakeUps",
    "WrongSettings",
    "read_rooms",
]

_MODULES: Final = {
    "chat_core.chat": (
        "Chat",
        "GivenPorts",
        "Ports",
        "RoomStore",
    ),
    "chat_core.domain.closing": (
        "Closing",
        "ConnectionEnded",
    ),
    "chat_core.domain.commands": (
        "Command",
        "Connect",
        "CountPresence",
        "Join",
        "Leave",
        "Publish",
        "ReadHistory",
        "ReadPresence",
        "SendMessage",
    ),
    "chat_core.domain.connection": (
        "AudiencePage",
        "ClientInfo",
        "Connection",
        "Group",
        "Member",
        "Session",
        "Waiting",
    ),
    "chat_core.domain.events": (
        "Event",
        "KeepAlive",
        "MemberJoined",
        "MemberLeft",
        "MessagePublished",
        "SubscriptionEnded",
    ),
    "chat_core.domain.feed": (
        "Appended",
        "Held",
        "Joiner",
        "Turn",
    ),
    "chat_core.domain.history": (
        "Missed",
        "Stream",
        "StreamPosition",
    ),
    "chat_core.domain.outcome": (
        "Outcome",
        "Outcomes",
    ),
    "chat_core.domain.principal": ("Principal",),
    "chat_core.domain.rate": ("Rate",),
    "chat_core.domain.replies": (
        "Connected",
        "History",
        "Joined",
        "Left",
        "Presence",
        "PresenceCount",
        "Published",
        "Reply",
    ),
    "chat_core.domain.report": ("Report",),
    "chat_core.domain.room": (
        "EVERYONE",
        "LOBBY",
        "RoomOptions",
        "Rooms",
    ),
    "chat_core.domain.room_settings": (
        "WrongSettings",
        "read_rooms",
    ),
    "chat_core.errors": (
        "ChatError",
        "ConnectionClosed",
        "Forbidden",
        "InvalidRequest",
        "LimitExceeded",
        "MalformedFrame",
        "MessageTooLarge",
        "NotAvailable",
        "PermissionDenied",
        "Rejected",
        "RoomBusy",
        "Superseded",
        "TooManyRequests",
        "Unauthenticated",
        "Unavailable",
        "UnknownAction",
        "UnknownRoom",
        "Unrecoverable",
    ),
    "chat_core.fanout.budget": ("Budget",),
    "chat_core.limits": ("Limits",),
    "chat_core.ports.audience": ("Audience",),
    "chat_core.ports.clock": ("Clock",),
    "chat_core.ports.ids": ("Ids",),
    "chat_core.ports.lease": ("Lease",),
    "chat_core.ports.message_sink": ("MessageSink",),
    "chat_core.ports.presence": ("RoomPresence",),
    "chat_core.ports.rate_limiter": ("RateLimiter",),
    "chat_core.ports.room_feed": (
        "RoomFeed",
        "TurnLost",
    ),
    "chat_core.ports.room_history": ("RoomHistory",),
    "chat_core.ports.sessions": ("Sessions",),
    "chat_core.ports.subscriptions": (
        "Before",
        "Subscriptions",
    ),
    "chat_core.ports.tasks": (
        "Sleep",
        "StartTask",
        "Task",
    ),
    "chat_core.ports.token_verifier": ("TokenVerifier",),
    "chat_core.ports.wake_ups": ("WakeUps",),
    "chat_core.system": (
        "RandomIds",
        "SystemClock",
    ),
    "chat_core.use_cases.open_connection": (
        "Handshake",
        "Opened",
    ),
    "chat_core.use_cases.receive_frame": ("Frame", "FrameResult", "ReceiveFrame"),
    "chat_core.wire.codec": ("Codec",),
    "chat_core.wire.codecs": ("Codecs",),
}
"""The names of each module."""
_MODULE_OF: Final = {name: module for module, names in _MODULES.items() for name in names}


if not TYPE_CHECKING:  # pragma: no branch - always so when it runs
    # A type checker reads the imports above, and finds a name that does not exist.
    def __getattr__(name: str) -> object:
        """Import a name (PEP 562)."""
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_MODULE_OF[name]), name)
