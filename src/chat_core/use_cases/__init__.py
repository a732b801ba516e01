"""What the chat does: one use case a module, each a dataclass of ports that is called with what happened."""

from chat_core.use_cases.broadcast import Broadcast, Message
from chat_core.use_cases.connect import Connect
from chat_core.use_cases.continue_fan_out import ContinueFanOut
from chat_core.use_cases.delivering import BroadcastReport, RoomDelivery
from chat_core.use_cases.disconnect import Disconnect
from chat_core.use_cases.handing_on import HandOn
from chat_core.use_cases.receive_frame import Receipt, ReceivedFrame, ReceiveFrame, RefuseFrame

__all__ = [
    "Broadcast",
    "BroadcastReport",
    "Connect",
    "ContinueFanOut",
    "Disconnect",
    "HandOn",
    "Message",
    "Receipt",
    "ReceiveFrame",
    "ReceivedFrame",
    "RefuseFrame",
    "RoomDelivery",
]
