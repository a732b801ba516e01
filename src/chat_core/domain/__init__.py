"""The values of a chat, and their rules. Nothing in here is awaited."""

from chat_core.domain.commands import Command, SendMessage
from chat_core.domain.connection import AudiencePage, Connection, Principal
from chat_core.domain.events import Event, MessagePublished
from chat_core.domain.job import Checkpoint, DeliveryJob, Recipients, RestOfRoom
from chat_core.domain.outcome import Outcome, Outcomes
from chat_core.domain.rate import Rate
from chat_core.domain.replies import Reply, Sent
from chat_core.domain.report import Report, Unreached
from chat_core.domain.room import LOBBY

__all__ = [
    "LOBBY",
    "AudiencePage",
    "Checkpoint",
    "Command",
    "Connection",
    "DeliveryJob",
    "Event",
    "MessagePublished",
    "Outcome",
    "Outcomes",
    "Principal",
    "Rate",
    "Recipients",
    "Reply",
    "Report",
    "RestOfRoom",
    "SendMessage",
    "Sent",
    "Unreached",
]
