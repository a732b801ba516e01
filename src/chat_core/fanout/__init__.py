"""One event to a whole room, as far as there is time; the rest to a worker."""

from chat_core.fanout.broadcast import Broadcast
from chat_core.fanout.budget import UNLIMITED, Budget
from chat_core.fanout.deliver import DeliverToRoom
from chat_core.fanout.hand_off import HandOff

__all__ = ["UNLIMITED", "Broadcast", "Budget", "DeliverToRoom", "HandOff"]
