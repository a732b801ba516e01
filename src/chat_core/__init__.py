"""A chat's logic, without a transport, a store or a cloud: the standard library alone.

`Chat.of` makes every use case from a store and a sink (your own, or those in `adapters`). Call the use cases when a
connection opens, sends a frame, or ends.
Each name is imported when it is first used: a function of AWS Lambda pays in its cold start for what it needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chat_core.chat import Chat, GivenPorts, MissingPort, Ports
    from chat_core.domain.commands import SendMessage
    from chat_core.domain.connection import AudiencePage, Connection
    from chat_core.domain.events import Event, MessagePublished
    from chat_core.domain.job import Checkpoint, DeliveryJob, Recipients, RestOfRoom
    from chat_core.domain.outcome import Outcome, Outcomes
    from chat_core.domain.principal import Principal
    from chat_core.domain.rate import Rate
    from chat_core.domain.replies import Sent
    from chat_core.domain.report import Report
    from chat_core.domain.room import LOBBY
    from chat_core.errors import (
        ChatError,
        ConnectionClosed,
        Forbidden,
        InvalidRequest,
        MalformedFrame,
        MessageTooLarge,
        Rejected,
        TooManyRequests,
        Unauthenticated,
        Unavailable,
        UnknownAction,
    )
    from chat_core.fanout.budget import Budget
    from chat_core.limits import Limits
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
    from chat_core.system import RandomIds, SystemClock
    from chat_core.use_cases.open_connection import Handshake, Opened
    from chat_core.use_cases.receive_frame import Frame, FrameResult
    from chat_core.wire.codec import Codec
    from chat_core.wire.codecs import Codecs

__all__ = [
    "LOBBY",
    "AudiencePage",
    "Budget",
    "Chat",
    "ChatError",
    "Checkpoint",
    "CheckpointStore",
    "Clock",
    "Codec",
    "Codecs",
    "Connection",
    "ConnectionClosed",
    "ConnectionStore",
    "DeliveryJob",
    "Event",
    "Forbidden",
    "Frame",
    "FrameResult",
    "GivenPorts",
    "Handshake",
    "Ids",
    "InvalidRequest",
    "JobQueue",
    "Lease",
    "Limits",
    "MalformedFrame",
    "MessagePublished",
    "MessageSink",
    "MessageTooLarge",
    "MissingPort",
    "Opened",
    "Outcome",
    "Outcomes",
    "Ports",
    "Principal",
    "RandomIds",
    "Rate",
    "RateLimiter",
    "Recipients",
    "Rejected",
    "Report",
    "RestOfRoom",
    "SendMessage",
    "Sent",
    "StartTask",
    "SystemClock",
    "Task",
    "TokenVerifier",
    "TooManyRequests",
    "Unauthenticated",
    "Unavailable",
    "UnknownAction",
]

_MODULES: Final = {
    "chat_core.chat": ("Chat", "GivenPorts", "MissingPort", "Ports"),
    "chat_core.domain.commands": ("SendMessage",),
    "chat_core.domain.connection": ("AudiencePage", "Connection"),
    "chat_core.domain.principal": ("Principal",),
    "chat_core.domain.events": ("Event", "MessagePublished"),
    "chat_core.domain.job": ("Checkpoint", "DeliveryJob", "Recipients", "RestOfRoom"),
    "chat_core.domain.outcome": ("Outcome", "Outcomes"),
    "chat_core.domain.rate": ("Rate",),
    "chat_core.domain.replies": ("Sent",),
    "chat_core.domain.report": ("Report",),
    "chat_core.domain.room": ("LOBBY",),
    "chat_core.errors": (
        "ChatError",
        "ConnectionClosed",
        "Forbidden",
        "InvalidRequest",
        "MalformedFrame",
        "MessageTooLarge",
        "Rejected",
        "TooManyRequests",
        "Unauthenticated",
        "Unavailable",
        "UnknownAction",
    ),
    "chat_core.fanout.budget": ("Budget",),
    "chat_core.limits": ("Limits",),
    "chat_core.ports.checkpoint_store": ("CheckpointStore",),
    "chat_core.ports.clock": ("Clock",),
    "chat_core.ports.connection_store": ("ConnectionStore",),
    "chat_core.ports.ids": ("Ids",),
    "chat_core.ports.job_queue": ("JobQueue",),
    "chat_core.ports.lease": ("Lease",),
    "chat_core.ports.message_sink": ("MessageSink",),
    "chat_core.ports.rate_limiter": ("RateLimiter",),
    "chat_core.ports.tasks": ("StartTask", "Task"),
    "chat_core.ports.token_verifier": ("TokenVerifier",),
    "chat_core.system": ("RandomIds", "SystemClock"),
    "chat_core.use_cases.open_connection": ("Handshake", "Opened"),
    "chat_core.use_cases.receive_frame": ("Frame", "FrameResult"),
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
