"""The chat on memory adapters: product code, and the only fakes there are."""

import asyncio
from dataclasses import dataclass, field

from adapters.memory import MemoryConnectionStore, MemoryFanOutProgress, MemoryFanOutQueue, MemoryMessageSink
from chat_core import (
    Broadcast,
    Connect,
    Connection,
    ConnectionStore,
    ContinueFanOut,
    Disconnect,
    Format,
    HandOn,
    MessageSink,
    RateLimiter,
    ReceiveFrame,
    RefuseFrame,
    RoomDelivery,
)


@dataclass
class Chat:
    """Use cases that share a store and a sink, and what each client received."""

    store: MemoryConnectionStore = field(default_factory=lambda: MemoryConnectionStore(page_size=2))
    sink: MemoryMessageSink = field(default_factory=MemoryMessageSink)
    limiter: RateLimiter | None = None

    def __post_init__(self) -> None:
        self.connect = Connect(store=self.store)
        self.disconnect = Disconnect(store=self.store)
        self.queue = MemoryFanOutQueue()
        self.progress = MemoryFanOutProgress()
        delivery = room_delivery(self.store, self.sink)
        hand_on = HandOn(queue=self.queue)
        self.broadcast = Broadcast(deliver=delivery, hand_on=hand_on)
        self.continue_fan_out = ContinueFanOut(deliver=delivery, hand_on=hand_on, progress=self.progress, chunk=4)
        self.receive = ReceiveFrame(broadcast=self.broadcast, store=self.store, sink=self.sink, limiter=self.limiter)
        self.refuse = RefuseFrame(sink=self.sink)

    async def join(self, connection_id: str, *, reads: Format = Format.PLAIN) -> list[str]:
        """Connect a client; return the list that its messages will be in."""
        inbox: list[str] = []

        async def send(text: str) -> None:
            inbox.append(text)

        self.sink.attach(connection_id, send)
        await self.connect(Connection(id=connection_id, format=reads))
        return inbox


def room_delivery(store: ConnectionStore, sink: MessageSink) -> RoomDelivery:
    """Return the part that broadcasts and fan-outs share."""
    return RoomDelivery(store=store, sink=sink, start_task=asyncio.create_task)
