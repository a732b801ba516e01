"""A management API over HTTP/2 and TLS, on the library `h2`; the test sets the answers for each connection."""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

GONE = 410
Headers = list[tuple[str, str]]


@dataclass
class Http2Endpoint:
    """The posts to each connection, and their answers; a connection that was never opened is gone."""

    url: str = ""
    inboxes: dict[str, list[str]] = field(default_factory=dict)
    statuses: dict[str, list[int]] = field(default_factory=dict)
    """The statuses that answer the next posts to a connection; the last one is repeated."""
    disconnected: list[str] = field(default_factory=list)
    """The connections that were ended, in order."""
    hanging: set[str] = field(default_factory=set)
    posts: Counter[str] = field(default_factory=Counter)
    heads: list[dict[str, str]] = field(default_factory=list)
    opened: int = 0
    most_connections: int | None = None
    """Further TCP connections are closed at once."""
    most_streams: int = 0
    settings: dict[SettingCodes | int, int] = field(default_factory=dict)
    interfere: Callable[["_Connection", int], bool] = lambda _connection, _stream: False
    """Called with each complete request; returns True if it has dealt with the request."""


class _Connection(asyncio.Protocol):
    def __init__(self, endpoint: Http2Endpoint) -> None:
        self._endpoint = endpoint
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._requests: dict[int, tuple[dict[str, str], bytearray]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._endpoint.opened += 1
        if self._endpoint.most_connections is not None and self._endpoint.opened > self._endpoint.most_connections:
            self.transport.abort()
            return
        # As `h2` documents: a later change would be in force before the client knows of it.
        values = {**self.h2.local_settings, **self._endpoint.settings}
        self.h2.local_settings = Settings(client=False, initial_values={SettingCodes(k): v for k, v in values.items()})
        self.h2.initiate_connection()
        self.flush()

    def data_received(self, data: bytes) -> None:
        try:
            events = self.h2.receive_data(data)
        except ProtocolError:
            self.flush()
            self.transport.close()
            return
        for event in events:
            if isinstance(event, RequestReceived):
                self._requests[event.stream_id] = {str(n): str(v) for n, v in event.headers}, bytearray()
                self._endpoint.most_streams = max(self._endpoint.most_streams, self.h2.open_inbound_streams)
            elif isinstance(event, DataReceived):
                self._requests[event.stream_id][1].extend(event.data)
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, StreamEnded):
                self._answer(event.stream_id)
        self.flush()

    def _answer(self, stream: int) -> None:
        head, body = self._requests.pop(stream)
        endpoint = self._endpoint
        connection_id = unquote(head[":path"].rpartition("/")[2])
        endpoint.heads.append(head)
        if head[":method"] == "DELETE":
            known = connection_id in endpoint.inboxes or connection_id in endpoint.statuses
            endpoint.disconnected += [connection_id] if known else []
            endpoint.inboxes.pop(connection_id, None)
            endpoint.statuses.pop(connection_id, None)
            self.say(stream, 204 if known else GONE)
            return
        endpoint.posts[connection_id] += 1
        if endpoint.interfere(self, stream) or connection_id in endpoint.hanging:
            return
        statuses = endpoint.statuses.get(connection_id)
        inbox = endpoint.inboxes.get(connection_id)
        if statuses:
            self.say(stream, statuses.pop(0) if len(statuses) > 1 else statuses[0])
        elif inbox is None:
            self.say(stream, GONE, [("x-amzn-errortype", "GoneException")])
        else:
            inbox.append(body.decode())
            self.say(stream, 200)

    def say(self, stream: int, status: int, headers: Headers | None = None, body: bytes = b"") -> None:
        """Answer a request."""
        common = [(":status", str(status)), ("date", "Mon, 23 Nov 2026 07:24:27 GMT"), ("x-amzn-requestid", "0" * 36)]
        self.h2.send_headers(stream, common + (headers or []), end_stream=not body)
        if body:
            self.h2.send_data(stream, body, end_stream=True)

    def flush(self) -> None:
        self.transport.write(self.h2.data_to_send())


@asynccontextmanager
async def http2_endpoint(tls: ssl.SSLContext) -> AsyncIterator[Http2Endpoint]:
    """Serve an endpoint on loopback; the context is set to negotiate HTTP/2."""
    endpoint = Http2Endpoint()
    tls.set_alpn_protocols(["h2"])
    connections: list[_Connection] = []

    def connected() -> _Connection:
        connections.append(_Connection(endpoint))
        return connections[-1]

    server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0, ssl=tls)
    endpoint.url = f"https://localhost:{server.sockets[0].getsockname()[1]}/dev"
    try:
        yield endpoint
    finally:
        server.close()
        for each in connections:
            each.transport.abort()
        await asyncio.sleep(0)
