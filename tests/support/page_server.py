"""The chat page, with a service that a test can make fail."""

import asyncio
import json
import secrets
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as Handshake
from websockets.http11 import Response
from websockets.typing import Subprotocol

from adapters.memory import MemoryMessageSink, MemoryRoomFeed, MemoryRoomHistory, MemoryRooms
from chat_core import Chat, ClientInfo, Frame, MessagePublished
from chat_core import Handshake as Opening
from entrypoints.local.page import Page
from local_aws import http_server

FRONTEND = Path(__file__).parents[2] / "frontend"
CENTRIFUGE = Subprotocol("centrifuge-json")

T = TypeVar("T")
Command = dict[str, Any]
Answer = Callable[[str, Command], list[dict[str, Any]]]
"""Takes the sender's id and a `publish` command; returns what the sender receives in place of being served."""


class ChatService:
    """The chat itself, in memory, on loopback; its address stays the same after a restart, and its rooms do as well."""

    def __init__(self) -> None:
        self.received: list[Command] = []
        """The commands that were received."""
        self.offered: list[list[str]] = []
        """The subprotocols that each handshake offered."""
        self.queries: list[str] = []
        """The query of each handshake's address."""
        self.token = ""
        """The token that a handshake must have; empty if none is needed."""
        self.answer: Answer | None = None
        """Answers messages in place of the chat, if a test has set it."""
        self.slow: set[str] = set()
        """The commands that wait for `release`, each with its whole frame."""
        self.refusal: dict[str, Any] | None = None
        """The error of each `connect`, in place of being served."""
        self.frames = 0
        """How many frames were received."""
        self.held = 0
        """How many frames have waited for `release`."""
        self._released = asyncio.Event()
        self.forget_everything()
        self._clients: dict[str, ServerConnection] = {}
        self._port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.start()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._port}/dev"

    def forget_everything(self) -> None:
        """Lose all rooms and their histories, while nobody is connected."""
        self._sink = MemoryMessageSink()
        self._chat = Chat.of(
            store=MemoryRooms(),
            feed=MemoryRoomFeed(),
            history=MemoryRoomHistory(),
            sink=self._sink,
            start_task=asyncio.create_task,
            sleep=asyncio.sleep,
        )

    def release(self) -> None:
        """Serve the frames that wait, and no frame waits any more."""
        self.slow = set()
        self._loop.call_soon_threadsafe(self._released.set)

    def start(self) -> None:
        """Listen, at the same address after a restart."""

        async def start() -> None:
            self._server = await serve(
                self._serve_client,
                "127.0.0.1",
                self._port,
                process_request=self._judge,
                subprotocols=[CENTRIFUGE],
                select_subprotocol=lambda _, offered: CENTRIFUGE if CENTRIFUGE in offered else None,
            )

        self._run(start())
        self._port = next(iter(self._server.sockets)).getsockname()[1]

    def stop(self) -> None:
        """Close every connection, and stop listening."""

        async def stop() -> None:
            self._server.close(code=1011)
            await self._server.wait_closed()

        self._run(stop())

    def end(self) -> None:
        """Stop, for good."""
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def say(self, data: Any, *, sender: str = "someone=") -> None:
        """Send a message as another client."""
        publisher = ClientInfo(user="", client=sender)
        self._run(self._chat.announce(MessagePublished(data=data, publisher=publisher)))

    def push(self, frame: str) -> None:
        """Send a frame, which may be malformed, to every client."""

        async def push() -> None:
            for client in list(self._clients.values()):
                await client.send(frame)

        self._run(push())

    def close_clients(self, code: int) -> None:
        """Close every connection; new ones are still accepted."""

        async def close() -> None:
            for client in list(self._clients.values()):
                await client.close(code)

        self._run(close())

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until something has come."""
        deadline = time.monotonic() + 15
        while not condition():
            assert time.monotonic() < deadline, self.received
            time.sleep(0.05)

    def messages(self) -> list[Any]:
        """Return the data of the messages that were received."""
        return [each["publish"]["data"] for each in self.received if "publish" in each]

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def _judge(self, client: ServerConnection, request: Handshake) -> Response | None:
        """Return a response with 401 if the token is wrong, as an authorizer would, or else None."""
        self.queries.append(urlsplit(request.path).query)
        lines = request.headers.get_all("Sec-WebSocket-Protocol")
        self.offered.append([name.strip() for line in lines for name in line.split(",")])
        refused = self.token and f"bearer.{self.token}" not in self.offered[-1]
        return client.respond(HTTPStatus.UNAUTHORIZED, "Unauthorized") if refused else None

    async def _serve_client(self, client: ServerConnection) -> None:
        own_id = secrets.token_urlsafe(11) + "="
        opened_at = time.time()
        self._clients[own_id] = client

        async def send(payload: str) -> None:
            # A client that has left is a ConnectionError to the sink.
            try:
                await client.send(payload)
            except ConnectionClosed as exc:
                raise ConnectionError from exc

        self._sink.attach(own_id, send)
        # Like API Gateway, it hands in the frames of one client side by side.
        frames: set[asyncio.Task[None]] = set()
        try:
            assert client.request is not None
            (codec,) = parse_qs(urlsplit(client.request.path).query)["protocol"]
            await self._chat.open_connection(Opening(connection_id=own_id, codec=codec))
            async for frame in client:
                frames.add(asyncio.create_task(self._receive(client, own_id, str(frame), opened_at)))
        except ConnectionClosed:
            pass
        finally:
            for task in frames:
                task.cancel()
            del self._clients[own_id]
            self._sink.detach(own_id)
            await self._chat.close_connection(own_id)

    async def _receive(self, client: ServerConnection, sender: str, frame: str, opened_at: float) -> None:
        commands = [json.loads(line) for line in frame.split("\n")]
        self.received += commands
        self.frames += 1
        if any(name in self.slow for command in commands for name in command):
            self.held += 1
            await self._released.wait()
        if self.refusal and "connect" in commands[0]:
            await client.send(json.dumps({"id": commands[0]["id"], "error": self.refusal}))
            return
        if self.answer is None or "publish" not in commands[0]:
            await self._chat.receive_frame(Frame(connection_id=sender, text=frame, opened_at=opened_at))
            return
        with suppress(ConnectionClosed):
            for event in self.answer(sender, commands[0]):
                await client.send(json.dumps(event))


@contextmanager
def chat_service() -> Iterator[ChatService]:
    """Start a service; stop it at the end of the block."""
    service = ChatService()
    try:
        yield service
    finally:
        service.end()


@contextmanager
def page_server(socket_url: str) -> Iterator[str]:
    """Serve the page as `chat local` does, with its security policy; yield its URL."""
    page = Page(folder=FRONTEND, socket_url=socket_url)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = page.answer(
                http_server.Request(method="GET", target=self.path, headers=(), body=b"", peer=("127.0.0.1", 0))
            )
            self.send_response(answer.status)
            for name, value in (*answer.headers, ("Content-Length", str(len(answer.body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *arguments: Any) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()
