"""A transport of one's own: a chat over plain TCP, a line for each message.

    python -m examples.custom_sink
    nc 127.0.0.1 4000

Whatever is typed arrives at everybody. The sink is the one port that a transport has to implement; `MessageSink` says
what it promises. `adapters.memory` is `chat_core.memory` in the distribution chat-core.
"""

import asyncio
import json
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from adapters.memory import MemoryRoomFeed, MemoryRoomHistory, MemoryRooms
from chat_core import Chat, Frame, Handshake, MessageSink, Outcome, Outcomes

LINE_BYTES: Final = 8 * 1024
"""A client that sends a longer line is disconnected."""
BUFFER_BYTES: Final = 64 * 1024
"""What waits for a client that reads slowly. If there is more, the client is disconnected."""


class LineSink(MessageSink):
    """Writes each payload as a line to the connections that this process holds."""

    def __init__(self) -> None:
        self._writers: dict[str, asyncio.StreamWriter] = {}

    def attach(self, connection_id: str, writer: asyncio.StreamWriter) -> None:
        """Write payloads for this connection to the writer."""
        self._writers[connection_id] = writer

    def detach(self, connection_id: str) -> None:
        """Treat the connection as gone from now on."""
        self._writers.pop(connection_id, None)

    async def deliver(self, *, payload: str, connection_ids: Sequence[str], deadline: float) -> Outcomes:
        """Write to all of them; nothing waits for a client, so that none holds up the others."""
        if time.monotonic() >= deadline:
            return Outcomes.of(dict.fromkeys(connection_ids, Outcome.NOT_TRIED))
        line = payload.replace("\n", " ").encode() + b"\n"
        return Outcomes.of({each: self._write(each, line) for each in connection_ids})

    async def disconnect(self, *, connection_ids: Sequence[str], deadline: float) -> Sequence[str]:  # noqa: ARG002
        """Cut them off: a client that does not read would never take the rest of its buffer."""
        for each in connection_ids:
            if writer := self._writers.pop(each, None):
                writer.transport.abort()
        return connection_ids

    def _write(self, connection_id: str, line: bytes) -> Outcome:
        writer = self._writers.get(connection_id)
        if writer is None or writer.is_closing():
            return Outcome.GONE
        if writer.transport.get_write_buffer_size() + len(line) > BUFFER_BYTES:
            return Outcome.SLOW
        writer.write(line)
        return Outcome.DELIVERED


async def start(port: int) -> asyncio.Server:
    """Listen on loopback, with a chat of its own."""
    sink = LineSink()
    serving: set[asyncio.Task[None]] = set()
    chat = Chat.of(
        store=MemoryRooms(),
        feed=MemoryRoomFeed(),
        history=MemoryRoomHistory(),
        sink=sink,
        start_task=asyncio.create_task,
        sleep=asyncio.sleep,
    )

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection_id = secrets.token_urlsafe(12)
        sink.attach(connection_id, writer)
        try:
            await chat.open_connection(Handshake(connection_id=connection_id))
            # ValueError: the line is too long. ConnectionError: the client has gone.
            with suppress(ValueError, ConnectionError):
                while line := await reader.readline():
                    text = line.decode(errors="replace").strip()
                    request = json.dumps({"action": "sendmessage", "data": text})
                    await chat.receive_frame(Frame(connection_id=connection_id, text=request))
        finally:
            sink.detach(connection_id)
            await chat.close_connection(connection_id)
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(reader, writer))
        serving.add(task)
        task.add_done_callback(serving.discard)

    return await asyncio.start_server(accept, "127.0.0.1", port, limit=LINE_BYTES)


async def main() -> None:
    """Serve until Ctrl-C."""
    async with await start(4000) as server:
        await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
