"""The chat page, with a service that a test can make fail."""

import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as Handshake
from websockets.http11 import Response
from websockets.sync.client import connect
from websockets.sync.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from entrypoints.local.page import Page
from local_aws import http_server

FRONTEND = Path(__file__).parents[2] / "frontend"
CHAT_V1 = Subprotocol("chat.v1")

Events = list[dict[str, Any]]
Request = dict[str, Any]
Answer = Callable[[str, Request], Events]
"""Takes the sender's id and the request; returns the events for the sender."""


class ChatService:
    """Implements `docs/protocol.md` on loopback; its address stays the same after a restart."""

    def __init__(self) -> None:
        self.received: list[Request] = []
        """The received requests."""
        self.offered: list[list[str]] = []
        """The subprotocols that each handshake offered."""
        self.token = ""
        """The token that a handshake must have; empty if none is needed."""
        self.answer: Answer = self.deliver
        self._clients: dict[str, ServerConnection] = {}
        self._port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._port}/dev"

    def start(self) -> None:
        """Listen, at the same address after a restart."""
        self._server: Server = serve(
            self._serve_client,
            "127.0.0.1",
            self._port,
            process_request=self._judge,
            subprotocols=[CHAT_V1],
            select_subprotocol=lambda _, offered: CHAT_V1 if CHAT_V1 in offered else None,
        )
        self._port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def stop(self) -> None:
        """Close every connection, and stop listening."""
        self._server.shutdown(code=1011)
        self._thread.join()

    def say(self, data: Any) -> None:
        """Send a message as another client, which disconnects after the delivery."""
        with connect(self.url, subprotocols=[CHAT_V1]) as other:
            other.send(json.dumps({"action": "sendmessage", "data": data, "ref": "other"}))
            while json.loads(other.recv(timeout=10))["type"] != "sent":
                pass

    def push(self, frame: str) -> None:
        """Send a frame, which may be malformed, to every client."""
        for client in list(self._clients.values()):
            client.send(frame)

    def close_clients(self, code: int) -> None:
        """Close every connection; new ones are still accepted."""
        for client in list(self._clients.values()):
            client.close(code)

    def deliver(self, sender: str, request: Request) -> Events:
        """Send the message to every client; return the reply to its sender."""
        self.push(json.dumps({"type": "message", "room": "lobby", "from": sender, "data": request["data"]}))
        counts = {"delivered": len(self._clients), "gone": 0, "failed": 0}
        return [{"type": "sent", "ref": request["ref"], "from": sender, **counts}]

    def _judge(self, client: ServerConnection, request: Handshake) -> Response | None:
        """Return a response with 401 if the token is wrong, as an authorizer would, or else None."""
        lines = request.headers.get_all("Sec-WebSocket-Protocol")
        self.offered.append([name.strip() for line in lines for name in line.split(",")])
        refused = self.token and f"bearer.{self.token}" not in self.offered[-1]
        return client.respond(HTTPStatus.UNAUTHORIZED, "Unauthorized") if refused else None

    def _serve_client(self, client: ServerConnection) -> None:
        own_id = secrets.token_urlsafe(11) + "="
        self._clients[own_id] = client
        try:
            for frame in client:
                self._receive(client, own_id, json.loads(frame))
        except ConnectionClosed:
            pass
        finally:
            del self._clients[own_id]

    def _receive(self, client: ServerConnection, sender: str, request: Request) -> None:
        self.received.append(request)
        for event in self.answer(sender, request):
            client.send(json.dumps(event))


@contextmanager
def chat_service() -> Iterator[ChatService]:
    """Start a service; stop it at the end of the block."""
    service = ChatService()
    try:
        yield service
    finally:
        service.stop()


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
