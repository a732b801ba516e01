"""A management API over real HTTP, for testing sinks; the test sets the answers for each connection."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

from local_aws.http_server import Request, Response, message_response, serve

Behaviour = Callable[[Request], Awaitable[Response]]


@dataclass
class ConnectionsEndpoint:
    """The posts to each connection, and their answers; a connection that was never opened is gone."""

    url: str = ""
    inboxes: dict[str, list[str]] = field(default_factory=dict)
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    """How many posts arrived for each connection."""
    disconnected: list[str] = field(default_factory=list)
    """The connections that were ended, in order."""
    peers: set[tuple[str, int]] = field(default_factory=set)
    """The client's end of every TCP connection."""
    under_way: int = 0
    most_under_way: int = 0

    async def answer(self, request: Request) -> Response:
        self.peers.add(request.peer)
        connection_id = unquote(request.path).rpartition("/")[2]
        if request.method == "DELETE":
            return self.disconnect(connection_id)
        self.requests[connection_id] += 1
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(0)
            return await self.behaviours.get(connection_id, self.deliver)(request)
        finally:
            self.under_way -= 1

    async def deliver(self, request: Request) -> Response:
        inbox = self.inboxes.get(unquote(request.path).rpartition("/")[2])
        if inbox is None:
            return Response(status=410, headers=(("x-amzn-ErrorType", "GoneException"),))
        inbox.append(request.body.decode())
        return Response(status=200)

    def disconnect(self, connection_id: str) -> Response:
        if connection_id not in self.inboxes | self.behaviours:
            return Response(status=410, headers=(("x-amzn-ErrorType", "GoneException"),))
        self.disconnected.append(connection_id)
        self.inboxes.pop(connection_id, None)
        self.behaviours.pop(connection_id, None)
        return Response(status=204)

    def fails(self, connection_id: str, *statuses: int, forever: bool = False) -> None:
        """Answer the next posts to the connection with these statuses, then deliver or repeat the last one forever."""
        pending = list(statuses)

        async def fail(request: Request) -> Response:
            if not pending:
                return await self.deliver(request)
            status = pending[0] if forever and len(pending) == 1 else pending.pop(0)
            return message_response(status, "refused", ("x-amzn-ErrorType", _ERROR_TYPES.get(status, "Unknown")))

        self.behaviours[connection_id] = fail

    def hangs(self, connection_id: str) -> None:
        """Accept posts to the connection and never answer."""

        async def hang(_request: Request) -> Response:
            await asyncio.Event().wait()
            raise AssertionError

        self.behaviours[connection_id] = hang


_ERROR_TYPES = {
    400: "BadRequestException",
    403: "ForbiddenException",
    413: "PayloadTooLargeException",
    429: "LimitExceededException",
}


@asynccontextmanager
async def connections_endpoint() -> AsyncIterator[ConnectionsEndpoint]:
    """Serve an endpoint on loopback."""
    endpoint = ConnectionsEndpoint()
    server = await serve(endpoint.answer, port=0)
    endpoint.url = f"http://127.0.0.1:{server.port}/dev"
    try:
        yield endpoint
    finally:
        server.close()
        await server.wait_closed()
