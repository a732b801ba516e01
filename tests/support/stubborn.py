"""A client of Centrifuge's protocol that comes back whenever its connection ends, and watches what it is promised."""

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

REPLY_SECONDS = 5.0
"""How long a reply is waited for, as Centrifuge's clients do."""
_PAUSE_SECONDS = (0.1, 0.8)


@dataclass
class Heard:
    """What a client has heard in one room."""

    epoch: str = ""
    offset: int = 0
    """Up to where it has heard everything."""
    data: list[Any] = field(default_factory=list)
    """Of the publications, by offset, from the first one on."""
    repeats: int = 0
    is_live: bool = False
    """Whether it is subscribed on the present connection."""


class StubbornClient:
    """Subscribes to rooms, recovers after each loss, and publishes until it is told that the message was taken."""

    def __init__(self, url: str, name: str, rooms: Sequence[str], chance: random.Random) -> None:
        self.name = name
        self.rooms = {room: Heard() for room in rooms}
        self.broken: list[str] = []
        """Every promise that was not kept."""
        self.acknowledged: dict[str, list[str]] = {room: [] for room in rooms}
        """The messages of this client, each a text, that the service has taken, by room."""
        self.returns = 0
        self._url = url
        self.chance = chance
        self._socket: ClientConnection | None = None
        self._command = 0
        self._waiting: dict[int, tuple[str, asyncio.Future[dict[str, Any]]]] = {}
        """By the id of the command: the room that it is for, and its reply."""
        self._joining: asyncio.Task[None]
        self._live = asyncio.Event()
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Be connected, again and again, until cancelled."""
        while True:
            with suppress(OSError, WebSocketException, TimeoutError):
                async with connect(self._url, open_timeout=REPLY_SECONDS * 2) as socket:
                    self._socket = socket
                    await self._be_connected(socket)
            self._ended()
            await asyncio.sleep(self.chance.uniform(*_PAUSE_SECONDS))
            self.returns += 1

    def cut(self) -> None:
        """End the connection without a word, as a lost network does."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def joined(self) -> None:
        """Return when it is subscribed to all rooms."""
        await self._live.wait()

    async def heard(self, offsets: Mapping[str, int]) -> None:
        """Return when it has heard everything in its rooms up to these offsets."""
        while any(heard.offset < offsets[room] for room, heard in self.rooms.items()):
            self._news.clear()
            await self._news.wait()

    async def publish(self, room: str, text: str) -> None:
        """Publish until the service says that it has the message; it may come more than once then."""
        while True:
            await self._live.wait()
            with suppress(OSError, WebSocketException, TimeoutError):
                reply = await self._call("publish", channel=room, data=text)
                if "error" not in reply:
                    self.acknowledged[room].append(text)
                    return
                if not reply["error"].get("temporary") and reply["error"]["code"] != 100:
                    self.broken.append(f"{self.name}: {reply}")
            await asyncio.sleep(self.chance.uniform(*_PAUSE_SECONDS))

    async def _be_connected(self, socket: ClientConnection) -> None:
        self._joining = asyncio.create_task(self._join_all(socket))
        try:
            async for frame in socket:
                assert isinstance(frame, str)
                for line in frame.split("\n"):
                    self._take(json.loads(line), socket)
        finally:
            self._joining.cancel()

    async def _join_all(self, socket: ClientConnection, *, is_accepted: bool = False) -> None:
        try:
            if not is_accepted:
                await self._call("connect")
            for room, heard in self.rooms.items():
                while not heard.is_live:
                    await self._join(room, heard)
        except (TimeoutError, WebSocketException):
            # As Centrifuge's clients do.
            socket.transport.abort()
            return
        self._live.set()

    async def _join(self, room: str, heard: Heard) -> None:
        """Subscribe, and recover from where this client was. `_take` takes the reply in, before the next frame."""
        since = {"recover": True, "epoch": heard.epoch, "offset": heard.offset} if heard.epoch else {}
        reply = await self._call("subscribe", channel=room, **since)
        if "error" in reply:
            await asyncio.sleep(self.chance.uniform(*_PAUSE_SECONDS))

    async def _call(self, request: str, **members: Any) -> dict[str, Any]:
        assert self._socket is not None
        self._command += 1
        command = self._command
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[command] = members.get("channel", ""), answer
        try:
            await self._socket.send(json.dumps({"id": command, request: members}))
            async with asyncio.timeout(REPLY_SECONDS):
                return await answer
        finally:
            self._waiting.pop(command, None)

    def _take(self, payload: dict[str, Any], socket: ClientConnection) -> None:
        """Take a reply or a push. Others are pings, and the gateway's own frames about a function that has died."""
        if waits := self._waiting.get(payload.get("id", 0)):
            room, answer = waits
            if "subscribe" in payload:
                self._subscribed(room, payload["subscribe"])
            if not answer.done():
                answer.set_result(payload)
        push = payload.get("push", {})
        if "disconnect" in push:
            socket.transport.abort()
        elif "unsubscribe" in push:
            self._live.clear()
            self.rooms[push["channel"]].is_live = False
            if self._joining.done():
                self._joining = asyncio.create_task(self._join_all(socket, is_accepted=True))
        elif "pub" in push:
            heard = self.rooms[push["channel"]]
            if not heard.is_live:
                self.broken.append(f"{self.name}: {push} overtook the reply")
            self._publication(push["channel"], push["pub"])

    def _subscribed(self, room: str, result: dict[str, Any]) -> None:
        heard = self.rooms[room]
        if heard.epoch and (not result.get("recovered") or result["epoch"] != heard.epoch):
            self.broken.append(f"{self.name}: not recovered from {heard.offset}: {result}")
        if not heard.epoch:
            heard.offset = result.get("offset", 0)
        heard.epoch, heard.is_live = result["epoch"], True
        for each in result.get("publications", ()):
            self._publication(room, each)

    def _publication(self, room: str, publication: dict[str, Any]) -> None:
        heard, offset, data = self.rooms[room], publication["offset"], publication["data"]
        if offset == heard.offset + 1:
            heard.offset = offset
            heard.data.append(data)
            self._news.set()
        elif offset > heard.offset:
            self.broken.append(f"{self.name}: {offset} came after {heard.offset} in {room}")
        else:
            heard.repeats += 1
            if heard.data[offset - heard.offset - 1] != data:
                self.broken.append(f"{self.name}: {offset} was {heard.data[offset - heard.offset - 1]}, and is {data}")

    def _ended(self) -> None:
        self._socket = None
        self._live.clear()
        for heard in self.rooms.values():
            heard.is_live = False
