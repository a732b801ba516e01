"""A minimal WebSocket load client: it counts bytes, since the length of every frame is known in these benchmarks."""

import asyncio
import os
import struct
import time
from collections.abc import Sequence

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="


class Client(asyncio.Protocol):
    """One connection. `opened` is done after the handshake, `received` after the expected number of bytes."""

    def __init__(self, host: str, path: str) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.received: asyncio.Future[None] = loop.create_future()
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {KEY.decode()}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
        self._head = b""
        self._due = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self.opened.done():
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.opened.set_exception(ConnectionRefusedError(head.split(b"\r\n")[0].decode()))
                return
            self.opened.set_result(None)
        self._due -= len(data)
        if self._due <= 0 and not self.received.done():
            self.received.set_result(None)

    def connection_lost(self, _exc: Exception | None) -> None:
        for future in (self.opened, self.received):
            if not future.done():
                future.set_exception(ConnectionResetError())
                future.exception()

    def expect(self, size: int) -> None:
        """Restart the count of received bytes."""
        self._due = size
        self.received = asyncio.get_running_loop().create_future()

    def send(self, text: str) -> None:
        """Send a text frame of less than 64 KB."""
        payload = text.encode()
        mask = os.urandom(4)
        head = (
            bytes([0x81, 0x80 | len(payload)]) if len(payload) < 126 else b"\x81\xfe" + struct.pack("!H", len(payload))
        )
        self.transport.write(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))


async def connect_all(port: int, path: str, count: int) -> tuple[list[Client], float]:
    """Connect all clients at once; return them and the seconds until the last one was open."""
    started = time.perf_counter()
    loop = asyncio.get_running_loop()
    made = await asyncio.gather(
        *(loop.create_connection(lambda: Client(f"127.0.0.1:{port}", path), "127.0.0.1", port) for _ in range(count))
    )
    clients = [client for _, client in made]
    await asyncio.gather(*(client.opened for client in clients))
    return clients, time.perf_counter() - started


async def broadcast(clients: Sequence[Client], request: str, frame_size: int) -> float:
    """Let one client send; return the seconds until all clients have received a frame of the given size."""
    for client in clients:
        client.expect(frame_size)
    started = time.perf_counter()
    clients[0].send(request)
    await asyncio.wait_for(asyncio.gather(*(client.received for client in clients)), 60)
    return time.perf_counter() - started
