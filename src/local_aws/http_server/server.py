"""A listening HTTP server."""

import asyncio
import socket
from typing import cast

from local_aws.http_server.listening import Listener
from local_aws.http_server.messages import Response
from local_aws.http_server.protocol import TOO_LARGE, Handler, HttpProtocol, Upgrade
from local_aws.http_server.visitors import NOBODY_ELSE, Visitors


class HttpServer:
    """A listening server together with its connections."""

    def __init__(self, listener: Listener, connections: set[HttpProtocol]) -> None:
        self._listener = listener
        self._connections = connections
        self.port = cast("int", listener.sock.getsockname()[1])
        """The port that it listens on."""

    def close(self) -> None:
        """Stop listening and drop every connection, idle or not. Transports that were taken over are left alone."""
        self._listener.close()
        for connection in tuple(self._connections):
            connection.close()

    async def wait_closed(self) -> None:
        """Wait until the dropped connections are closed, which asyncio does in the next turn of its loop."""
        await asyncio.sleep(0)


async def serve(
    handler: Handler,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    sock: socket.socket | None = None,
    upgrade: Upgrade | None = None,
    visitors: Visitors = NOBODY_ELSE,
    max_head: int | None = None,
    max_body: int | None = None,
    too_large: Response = TOO_LARGE,
) -> HttpServer:
    """Listen on `sock`, or on `host` and `port` (0: any free one), until the server is closed.

    Args:
        handler: Answers the requests.
        host: The address to listen on.
        port: The port to listen on.
        sock: A bound socket to listen on instead. It is closed with the server.
        upgrade: Takes over the transports of WebSocket handshakes; without it they are answered by the handler.
        visitors: Whose `hosts` are answered besides loopback's names.
        max_head: Bytes of a request line and headers that are taken; `MAX_HEAD` if not told.
        max_body: Bytes of a body that are taken; `MAX_BODY` if not told.
        too_large: The answer to a larger body.

    Raises:
        OSError: The address is in use, or not this machine's.

    """
    connections: set[HttpProtocol] = set()

    def protocol() -> HttpProtocol:
        return HttpProtocol(
            handler,
            upgrade=upgrade,
            connections=connections,
            visitors=visitors,
            max_head=max_head,
            max_body=max_body,
            too_large=too_large,
        )

    return HttpServer(Listener(sock or socket.create_server((host, port)), protocol), connections)
