"""The chat on the memory adapters, which are product code and the only fakes."""

import asyncio
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.memory import MemoryMessageSink, MemoryRoomFeed, MemoryRoomHistory, MemoryRooms, MemoryWakeUps
from chat_core import (
    Budget,
    Chat,
    Event,
    Frame,
    FrameResult,
    GivenPorts,
    Handshake,
    Limits,
    RandomIds,
    RateLimiter,
    Report,
    RoomFeed,
    RoomHistory,
    Rooms,
    WakeUps,
)
from tests.support.clocks import HandClock

PLAIN, RICH = "plain", "centrifuge"
"""The names of the codecs."""
WITHOUT_END = Budget()


async def until(condition: Callable[[], object]) -> None:
    """Let others run until the condition holds."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came")


class Client:
    """A client of the Centrifuge protocol, as far as tests need one."""

    def __init__(self, chat: "MemoryChat", connection_id: str, inbox: list[str]) -> None:
        self._chat = chat
        self._ids = itertools.count(1)
        self.id = connection_id
        self.inbox = inbox
        """The WebSocket messages that it received."""
        self.last: FrameResult = FrameResult()

    async def call(self, *commands: dict[str, Any]) -> list[dict[str, Any]]:
        """Send the commands in one frame; return their replies in the order of the commands."""
        requests = [{"id": next(self._ids)} | command for command in commands]
        before = len(self.received)
        self.last = await self._chat.receive(self.id, "\n".join(json.dumps(each) for each in requests))
        replies = {each["id"]: each for each in self.received[before:] if "id" in each}
        return [replies[each["id"]] for each in requests if each["id"] in replies]

    async def one(self, command: str, /, **members: Any) -> dict[str, Any]:
        """Send one command; return its reply."""
        (reply,) = await self.call({command: members})
        return reply

    async def result(self, command: str, /, **members: Any) -> dict[str, Any]:
        """Send one command that succeeds; return its result."""
        reply = await self.one(command, **members)
        assert "error" not in reply, reply
        found: dict[str, Any] = reply[command]
        return found

    @property
    def received(self) -> list[dict[str, Any]]:
        """Every reply and push, whatever frame it came in."""
        return [json.loads(line) for frame in self.inbox for line in frame.split("\n")]

    @property
    def pushes(self) -> list[dict[str, Any]]:
        """Every push."""
        return [each["push"] for each in self.received if "push" in each]

    def publications(self, room: str) -> list[tuple[int, Any]]:
        """Return the publications that were pushed: offset and data."""
        pushed = [each["pub"] for each in self.pushes if each.get("channel") == room and "pub" in each]
        return [(each.get("offset", 0), each["data"]) for each in pushed]


@dataclass
class MemoryChat:
    """A chat whose store pages by two, and what each client received."""

    options: Rooms = field(default_factory=Rooms)
    limiter: RateLimiter | None = None
    wake_ups: WakeUps | None = field(default_factory=MemoryWakeUps)
    feed: RoomFeed | None = None
    history: RoomHistory | None = None
    clock: HandClock = field(default_factory=HandClock)
    limits: Limits = field(default_factory=Limits)
    chunk: int = 4

    def __post_init__(self) -> None:
        self.rooms = MemoryRooms(page_size=2, clock=self.clock.now)
        self.sink = MemoryMessageSink(clock=self.clock.monotonic)
        self.feed = self.feed or MemoryRoomFeed(clock=self.clock.now)
        self.history = self.history or MemoryRoomHistory(clock=self.clock.now)
        ports = GivenPorts(
            sessions=self.rooms,
            subscriptions=self.rooms,
            audience=self.rooms,
            presence=self.rooms,
            feed=self.feed,
            history=self.history,
            sink=self.sink,
            start_task=asyncio.create_task,
            sleep=self.clock.sleep,
            clock=self.clock,
            ids=RandomIds(),
            limiter=self.limiter,
            wake_ups=self.wake_ups,
            rooms=self.options,
            limits=self.limits,
        )
        self.chat = Chat(ports, chunk=self.chunk)

    async def join(self, connection_id: str, *, codec: str = PLAIN) -> list[str]:
        """Open a connection; return the list that its messages will be in."""
        inbox: list[str] = []

        async def send(text: str) -> None:
            inbox.append(text)

        self.sink.attach(connection_id, send)
        await self.chat.open_connection(Handshake(connection_id=connection_id, codec=codec), WITHOUT_END)
        return inbox

    async def client(self, connection_id: str, *rooms: str, **join: Any) -> Client:
        """Connect a client of the Centrifuge protocol, which joins these rooms."""
        client = Client(self, connection_id, await self.join(connection_id, codec=RICH))
        await client.result("connect")
        for room in rooms:
            await client.result("subscribe", channel=room, **join)
        return client

    async def leave(self, connection_id: str) -> None:
        """End a connection."""
        self.sink.detach(connection_id)
        await self.chat.close_connection(connection_id, WITHOUT_END)

    async def receive(self, connection_id: str, text: str, budget: Budget = WITHOUT_END) -> FrameResult:
        """Let a client send a frame."""
        opened_at = self.clock.now()
        return await self.chat.receive_frame(Frame(connection_id=connection_id, text=text, opened_at=opened_at), budget)

    async def announce(self, event: Event, budget: Budget = WITHOUT_END) -> Report:
        """Let the server tell a room something; return what became of it."""
        return (await self.chat.announce(event, budget)).report

    async def audience(self, room: str) -> Sequence[str]:
        """Return who in a room is delivered to."""
        pages = [page async for page in self.rooms.pages(room)]
        return sorted(each for page in pages for ids in page.groups.values() for each in ids)

    async def wake(self, budget: Budget = WITHOUT_END) -> list[Report]:
        """Do what the wake-ups that are waiting ask for, each at its time; return the reports."""
        assert isinstance(self.wake_ups, MemoryWakeUps)
        reports = []
        while self.wake_ups.waiting:
            room, delay = self.wake_ups.waiting.popleft()
            self.clock.pass_by(delay)
            reports.append(await self.chat.drain_room(room, budget))
        return reports
