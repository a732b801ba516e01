"""The chat on the memory adapters, which are product code and the only fakes."""

import asyncio
from dataclasses import dataclass, field

from adapters.memory import MemoryCheckpointStore, MemoryConnectionStore, MemoryJobQueue, MemoryMessageSink
from chat_core import (
    Budget,
    Chat,
    Frame,
    FrameResult,
    GivenPorts,
    Handshake,
    JobQueue,
    Limits,
    RandomIds,
    RateLimiter,
    SystemClock,
)

PLAIN, JSON = "plain", "json"
"""The names of the codecs."""
WITHOUT_END = Budget()


@dataclass
class MemoryChat:
    """A chat whose store pages by two, and what each client received."""

    store: MemoryConnectionStore = field(default_factory=lambda: MemoryConnectionStore(page_size=2))
    sink: MemoryMessageSink = field(default_factory=MemoryMessageSink)
    limiter: RateLimiter | None = None
    queue: MemoryJobQueue = field(default_factory=MemoryJobQueue)
    broken_queue: JobQueue | None = None
    """Used in place of `queue`."""

    def __post_init__(self) -> None:
        self.checkpoints = MemoryCheckpointStore()
        ports = GivenPorts(
            store=self.store,
            sink=self.sink,
            start_task=asyncio.create_task,
            clock=SystemClock(),
            ids=RandomIds(),
            limiter=self.limiter,
            queue=self.broken_queue or self.queue,
            checkpoints=self.checkpoints,
            limits=Limits(job_recipients=4000),
        )
        self.chat = Chat(ports, chunk=4)
        self.broadcast = self.chat.broadcast
        self.continue_job = self.chat.continue_job

    async def join(self, connection_id: str, *, codec: str = PLAIN) -> list[str]:
        """Connect a client; return the list that its messages will be in."""
        inbox: list[str] = []

        async def send(text: str) -> None:
            inbox.append(text)

        self.sink.attach(connection_id, send)
        await self.chat.open_connection(Handshake(connection_id=connection_id, codec=codec), WITHOUT_END)
        return inbox

    async def leave(self, connection_id: str) -> None:
        """End a connection."""
        await self.chat.close_connection(connection_id, WITHOUT_END)

    async def receive(self, connection_id: str, text: str) -> FrameResult:
        """Let a client send a frame."""
        return await self.chat.receive_frame(Frame(connection_id=connection_id, text=text), WITHOUT_END)

    async def refuse(self, connection_id: str, text: str) -> FrameResult:
        """Let a client send a frame that no route takes."""
        return await self.chat.refuse_frame(Frame(connection_id=connection_id, text=text), WITHOUT_END)
