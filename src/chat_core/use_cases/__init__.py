"""What the chat does: one use case a module, each a dataclass of ports that is called with what happened."""

from chat_core.use_cases.close_connection import CloseConnection
from chat_core.use_cases.continue_job import ContinueJob
from chat_core.use_cases.open_connection import Handshake, OpenConnection, Opened
from chat_core.use_cases.receive_frame import Frame, FrameResult, ReceiveFrame
from chat_core.use_cases.send_message import SendMessageToRoom
from chat_core.use_cases.session import Session

__all__ = [
    "CloseConnection",
    "ContinueJob",
    "Frame",
    "FrameResult",
    "Handshake",
    "OpenConnection",
    "Opened",
    "ReceiveFrame",
    "SendMessageToRoom",
    "Session",
]
