"""The chat behind Starlette, in one process: everybody who connects to `/chat` plainly is in one room.

    python -m examples.starlette_chat
    wscat -c ws://127.0.0.1:8000/chat                     # a message arrives as its data
    ws://127.0.0.1:8000/chat?protocol=centrifuge          # for a client library of Centrifuge: rooms, history, presence

Everything is in memory, and clients are not authenticated: a handshake is the place to do that. `adapters.memory` is
`chat_core.memory` in the distribution chat-core.
"""

import asyncio
import secrets
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from adapters.memory import MemoryMessageSink, MemoryRoomFeed, MemoryRoomHistory, MemoryRooms
from chat_core import Chat, ChatError, Frame, Handshake, Limits

LIMITS: Final = Limits(payload_bytes=64 * 1024)
OUTBOX: Final = 64
"""Payloads that wait for a client that reads slowly. If there are more, the client is disconnected."""
BINARY, REFUSED, SLOW = 1003, 1008, 1013
"""Close codes (RFC 6455, section 7.4.1, and IANA's registry of WebSocket close codes)."""


class Connection:
    """One client, from its handshake to its end."""

    def __init__(self, socket: WebSocket, chat: Chat, sink: MemoryMessageSink) -> None:
        self._socket = socket
        self._chat = chat
        self._sink = sink
        self._id = secrets.token_urlsafe(12)
        self._outbox: asyncio.Queue[str] = asyncio.Queue(OUTBOX)
        self._too_slow = asyncio.Event()

    async def serve(self) -> None:
        """Serve the client. However it ends, no trace of it is left."""
        # First of all: the chat takes a member that is attached nowhere for one that has left.
        self._sink.attach(self._id, self._enqueue, self._too_slow.set)
        try:
            await self._open()
            async with asyncio.TaskGroup() as tasks:
                for each in (self._receive(), self._send(), self._end_if_too_slow()):
                    tasks.create_task(each)
        except* WebSocketDisconnect:
            pass
        finally:
            self._sink.detach(self._id)
            await self._chat.close_connection(self._id)

    async def _open(self) -> None:
        offered = self._socket.scope["subprotocols"]
        codec = self._socket.query_params.get("protocol")
        try:
            opened = await self._chat.open_connection(
                Handshake(connection_id=self._id, subprotocols=offered, codec=codec)
            )
        except ChatError as fault:
            # Before the handshake is accepted this answers it with 403.
            await self._socket.close(REFUSED, str(fault))
            raise WebSocketDisconnect(REFUSED) from fault
        await self._socket.accept(subprotocol=opened.subprotocol)

    async def _receive(self) -> None:
        """Execute the client's frames one by one, so that it cannot be faster than the chat."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message["code"])
            text = message.get("text")
            if text is None:
                await self._socket.close(BINARY)
                raise WebSocketDisconnect(BINARY)
            await self._chat.receive_frame(Frame(connection_id=self._id, text=text))

    async def _enqueue(self, payload: str) -> None:
        # QueueFull tells the chat that the client is slow.
        self._outbox.put_nowait(payload)

    async def _send(self) -> None:
        while True:
            await self._socket.send_text(await self._outbox.get())

    async def _end_if_too_slow(self) -> None:
        await self._too_slow.wait()
        raise WebSocketDisconnect(SLOW)


def create_app() -> Starlette:
    """Return the application, with a chat of its own."""
    sink = MemoryMessageSink()
    chat = Chat.of(
        store=MemoryRooms(),
        feed=MemoryRoomFeed(),
        history=MemoryRoomHistory(),
        sink=sink,
        start_task=asyncio.create_task,
        sleep=asyncio.sleep,
        limits=LIMITS,
    )

    async def serve(socket: WebSocket) -> None:
        await Connection(socket, chat, sink).serve()

    return Starlette(routes=[WebSocketRoute("/chat", serve)])


def config(app: Starlette) -> uvicorn.Config:
    """Return the server's settings: it refuses a message that is too large before it has read all of it."""
    return uvicorn.Config(app, host="127.0.0.1", port=8000, ws_max_size=LIMITS.payload_bytes, lifespan="off")


if __name__ == "__main__":
    uvicorn.Server(config(create_app())).run()
