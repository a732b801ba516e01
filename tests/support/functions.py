"""The functions behind the routes, the queue and the schedule, in this process, on ports that a test chooses."""

import asyncio
import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from adapters.memory import MemoryMessageSink, MemoryRoomFeed, MemoryRoomHistory, MemoryRooms, MemoryWakeUps
from chat_core import LOBBY, Audience, Ports
from entrypoints.aws_lambda.container import container
from entrypoints.aws_lambda.events import Event
from tests.support.events import CONNECTION_ID, Context, connect, message

NAMES = ("connect", "disconnect", "send_message", "default", "keep_alive", "fan_out")
"""The modules of the functions."""


def memory_ports(rooms: MemoryRooms | None = None) -> dict[str, object]:
    """Return the ports of a chat that keeps everything here, by their names in `Ports`."""
    rooms = rooms or MemoryRooms()
    return {
        "sessions": rooms,
        "subscriptions": rooms,
        "audience": rooms,
        "presence": rooms,
        "feed": MemoryRoomFeed(),
        "history": MemoryRoomHistory(),
        "wake_ups": MemoryWakeUps(),
    }


@dataclass
class Functions:
    """The functions of one execution environment."""

    audience: Audience
    sink: MemoryMessageSink = field(default_factory=MemoryMessageSink)
    handlers: dict[str, Callable[[Event, Context], Any]] = field(default_factory=dict)

    def __call__(self, name: str, event: Event, context: Context | None = None) -> Any:
        """Invoke a function; return its answer."""
        answer = self.handlers[name](event, context or Context())
        if "requestContext" in event:
            # API Gateway takes an answer with any other member for a malformed one.
            assert set(answer) <= {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
        return answer

    def receives(self, connection_id: str = CONNECTION_ID) -> list[str]:
        """Let the connection take messages; return the list that they will be in."""
        inbox: list[str] = []

        async def send(text: str) -> None:
            inbox.append(text)

        self.sink.attach(connection_id, send)
        return inbox

    def calls(self, *commands: dict[str, Any]) -> Any:
        """Let a client of the Centrifuge protocol send these commands in a frame; return the function's answer."""
        return self("default", message("\n".join(map(json.dumps, commands)), "$default"))

    def joins(self, room: str = LOBBY) -> list[str]:
        """Connect a client of the Centrifuge protocol, and let it join a room; return its inbox, empty."""
        inbox = self.receives()
        self("connect", connect(query={"protocol": "centrifuge"}))
        self.calls({"id": 1, "connect": {}}, {"id": 2, "subscribe": {"channel": room}})
        assert all("error" not in each for each in replies(inbox)), inbox
        inbox.clear()
        return inbox

    def members(self, room: str = LOBBY) -> dict[str, str]:
        """Return who in the room is delivered to, with the name of its codec."""

        async def read() -> dict[str, str]:
            pages = [page async for page in self.audience.pages(room)]
            return {each: group.codec for page in pages for group, ids in page.groups.items() for each in ids}

        return asyncio.run(read())


def replies(inbox: list[str]) -> list[dict[str, Any]]:
    """Return what a client of the Centrifuge protocol was sent, whatever frame it came in."""
    return [json.loads(line) for frame in inbox for line in frame.split("\n")]


@contextmanager
def functions_on(ports: Mapping[str, object]) -> Iterator[Functions]:
    """Import the functions anew, as a new execution environment does, with these ports in place of the container's."""
    audience: Any = ports["audience"]
    functions = Functions(audience)
    container.reset_singletons()
    with ExitStack() as exits:
        for name, port in {"sink": functions.sink, **ports}.items():
            assert hasattr(Ports, name)
            exits.enter_context(getattr(container, name).override(port))
        for name in NAMES:
            module = importlib.reload(importlib.import_module(f"entrypoints.aws_lambda.{name}"))
            functions.handlers[name] = module.handler
        yield functions
        container.runner().close()
    container.reset_singletons()
