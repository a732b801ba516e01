"""The chat on memory adapters: product code, and the only fakes there are."""

import asyncio
from dataclasses import dataclass, field

from adapters.memory import MemoryConnectionStore, MemoryMessageSink
from chat_core import Broadcast, Connect, Connection, Disconnect, Format, ReceiveFrame, RefuseFrame


@dataclass
class Chat:
    """Use cases that share a store and a sink, and what each client received."""

    store: MemoryConnectionStore = field(default_factory=lambda: MemoryConnectionStore(page_size=2))
    sink: MemoryMessageSink = field(default_factory=MemoryMessageSink)

    def __post_init__(self) -> None:
        self.connect = Connect(store=self.store)
        self.disconnect = Disconnect(store=self.store)
        self.broadcast = Broadcast(store=self.store, sink=self.sink, start_task=asyncio.create_task)
        self.receive = ReceiveFrame(broadcast=self.broadcast, store=self.store, sink=self.sink)
        self.refuse = RefuseFrame(sink=self.sink)

    async def join(self, connection_id: str, *, reads: Format = Format.PLAIN) -> list[str]:
        """Connect a client; return the list that its messages will be in."""
        inbox: list[str] = []

        async def send(text: str) -> None:
            inbox.append(text)

        self.sink.attach(connection_id, send)
        await self.connect(Connection(id=connection_id, format=reads))
        return inbox
