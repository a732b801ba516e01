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
        """Stop listening and drop every connection, idle or not; transports that were handed over stay open."""
        self._listener.close()
        for connection in tuple(self._connections):
            connection.close()

    async def wait_closed(self) -> None:
        """Wait until the dropped connections are closed, in the next iteration of the event loop."""
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
        handler: Returns the responses.
        host: The address to listen on.
        port: The port to listen on.
        sock: A bound socket to listen on instead. It is closed with the server.
        upgrade: Takes over the transports of WebSocket handshakes; without it the handler receives them.
        visitors: Its `hosts` are accepted besides loopback's names.
        max_head: Limit of a request line and headers in bytes; `MAX_HEAD` by default.
        max_body: Limit of a body in bytes; `MAX_BODY` by default.
        too_large: The response to a larger body.

    Raises:
        OSError: The address is in use, or does not belong to this machine.

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
