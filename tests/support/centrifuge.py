"""A client of Centrifuge's protocol by hand: it shows every payload, and holds it against docs/asyncapi.yaml."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.support.asyncapi import check_lines

SUBPROTOCOL = Subprotocol("centrifuge-json")
SECONDS = 30
"""How long it waits for a frame."""


class CentrifugeClient:
    """Sends one command after the other. Pushes that come before a reply are kept."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.id = ""
        """The id of the connection, once it is accepted."""
        self._commands = 0
        self._replies: dict[int, dict[str, Any]] = {}
        self._pushes: deque[dict[str, Any]] = deque()

    async def connect(self) -> None:
        """Be accepted."""
        reply = await self.call("connect")
        self.id = reply["connect"]["client"]

    async def call(self, request: str, **members: Any) -> dict[str, Any]:
        """Send a command; return its reply, which has `error` or the result."""
        self._commands += 1
        await self.socket.send(json.dumps({"id": self._commands, request: members}))
        while self._commands not in self._replies:
            await self._receive()
        return self._replies.pop(self._commands)

    async def push(self) -> dict[str, Any]:
        """Return the next push."""
        while not self._pushes:
            await self._receive()
        push: dict[str, Any] = self._pushes.popleft()["push"]
        return push

    async def _receive(self) -> None:
        frame = await asyncio.wait_for(self.socket.recv(), SECONDS)
        assert isinstance(frame, str)
        check_lines(frame)
        for payload in map(json.loads, frame.split("\n")):
            if "push" in payload:
                self._pushes.append(payload)
            else:
                self._replies[payload["id"]] = payload


@asynccontextmanager
async def centrifuge_client(url: str, *offered: Subprotocol) -> AsyncIterator[CentrifugeClient]:
    """Connect by the subprotocol, beside which others may be offered; yield the client when it is accepted."""
    async with connect(url, subprotocols=[SUBPROTOCOL, *offered], open_timeout=60) as socket:
        client = CentrifugeClient(socket)
        await client.connect()
        yield client
