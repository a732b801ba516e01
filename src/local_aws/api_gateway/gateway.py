"""The gateway of one WebSocket API: its port, its connections and their time limits.

A connection can receive posts only while it is open: not during its `$connect`, when AWS responds with 410 as well, and
not after the first closing frame.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace

from local_aws.api_gateway import handshake
from local_aws.api_gateway.admission import Admission, NotAdmitted
from local_aws.api_gateway.callers import Callers
from local_aws.api_gateway.connection import DROPPED, GOING_AWAY, MAX_MESSAGE, CloseEvent, Connection
from local_aws.api_gateway.dispatch import Dispatcher, now
from local_aws.api_gateway.events import ClientInfo, Handshake, RequestInfo, forwarded_headers
from local_aws.api_gateway.ids import new_id, new_trace_id
from local_aws.api_gateway.integration import IntegrationFailure
from local_aws.api_gateway.management import TOO_LARGE, ConnectionsApi
from local_aws.api_gateway.throttling import AccountThrottle, Throttle
from local_aws.authorization import Credential, PermissionChecker
from local_aws.config import ApiConfig
from local_aws.http_server import (
    NOBODY_ELSE,
    HttpServer,
    Request,
    Response,
    Visitors,
    message_response,
    serialize,
    serve,
)
from local_aws.invoker import Invoker
from local_aws.log_dedup import DedupLog

IDLE_SECONDS = 600.0
LIFETIME_SECONDS = 7200.0
"""API Gateway quotas, WebSocket table."""
MAX_HEAD = 10_240
"""Bytes of request line and headers (API Gateway quotas, "Total combined size of request line and header values")."""
STOP_SECONDS = 2.0
"""How long `stop` waits for clients to close and for `$disconnect` to run."""

SWEEP_SECONDS = 5.0
"""How late a connection may be closed that is idle or too old; AWS is some seconds late as well."""

_LOGGER = logging.getLogger(__name__)


class Gateway:
    """Serves an API at `/{stage}` and its management API at `/{stage}/@connections/{id}`, on one port of loopback."""

    def __init__(
        self,
        *,
        api: ApiConfig,
        invoker: Invoker,
        log: Callable[[str], None],
        idle_seconds: float = IDLE_SECONDS,
        lifetime_seconds: float = LIFETIME_SECONDS,
        empty_replies: bool = True,
        credentials: Mapping[str, Credential] | None = None,
        strict: bool = False,
        permits: PermissionChecker | None = None,
        account: AccountThrottle | None = None,
        on_management: Callable[[Request, Response], None] | None = None,
        visitors: Visitors = NOBODY_ELSE,
        pages: Visitors = NOBODY_ELSE,
    ) -> None:
        """Prepare a gateway; it does not listen yet.

        Args:
            api: The API.
            invoker: Runs the functions of its routes.
            log: Called with one line for each failure of a function and each protocol violation of a client.
            idle_seconds: A connection without data messages for this long is closed.
            lifetime_seconds: A connection of this age is closed.
            empty_replies: Whether a two-way route without a body in its response sends an empty message.
            credentials: Credentials that signatures are verified with, by access key id; entries may be added at any
                time.
            strict: Whether signatures with other access key ids are rejected; otherwise only their form is checked.
            permits: Decides what the owners of `credentials` may do; everything if it is None.
            account: The limits that this API shares with others; if it is None, those of an AWS account of its own.
            visitors: Hosts that are accepted besides loopback and the API's own name, and origins with pages that may
                connect.
            pages: Origins with pages that may use the management API.
            on_management: Called with each request to the management API and its response.

        Raises:
            ValueError: An expression or identity source of the API is not valid.

        """
        self._api = api
        self._log = log
        self._idle_seconds = idle_seconds
        self._lifetime_seconds = lifetime_seconds
        self._on_management = on_management
        self._visitors = replace(visitors, hosts=visitors.hosts | {api.domain_name})
        self._log_refusal = DedupLog(log)
        account = account or AccountThrottle()
        throttle = Throttle(api, account)
        known = {} if credentials is None else credentials
        callers = Callers(region=api.region, credentials=known, permits=permits, strict=strict, log=log)
        self._admission = Admission(api=api, invoker=invoker, callers=callers, throttle=throttle, log=log)
        self._dispatcher = Dispatcher(api=api, invoker=invoker, throttle=throttle, log=log, empty_replies=empty_replies)
        self._open: dict[str, Connection] = {}
        self._accepted: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._management = ConnectionsApi(
            api=api, connections=self._open, callers=callers, account=account, log=log, pages=pages
        )
        self._quiet = asyncio.Event()
        self._server: HttpServer | None = None
        self._sweeper: asyncio.TimerHandle | None = None

    async def start(self, sock: socket.socket | None = None) -> int:
        """Listen on a bound socket, or on any free port of 127.0.0.1; return the port."""
        self._server = await serve(
            self._http,
            sock=sock,
            upgrade=self._upgrade,
            visitors=self._visitors,
            max_head=MAX_HEAD,
            max_body=MAX_MESSAGE,
            too_large=TOO_LARGE,
        )
        self._sweep()
        return self._server.port

    async def stop(self) -> None:
        """Close every connection with 1001 and run its `$disconnect`; abort both after a timeout."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connection in tuple(self._accepted):
            self._send_away(connection)
        await self._settle()
        await server.wait_closed()

    def _send_away(self, connection: Connection) -> None:
        if connection.is_open:
            connection.close(GOING_AWAY)
        else:
            connection.abort()

    async def _settle(self) -> None:
        """Wait for transports and functions to end; after a timeout, end them."""
        self._note_end()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._quiet.wait()
        except TimeoutError:
            for connection in tuple(self._accepted):
                connection.abort()
            # Lets the aborted transports report that they are closed, which starts their `$disconnect` tasks.
            await asyncio.sleep(0)
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # HTTP.

    def _http(self, request: Request) -> Response:
        """Respond to a request that is not a WebSocket handshake."""
        answer = handshake.url_refusal(request)
        if answer is None:
            answer = self._management.answer(request)
            if answer is not None and self._on_management is not None:
                self._on_management(request, answer)
        return answer or handshake.plain_answer(request, stage=self._api.stage)

    def _upgrade(self, request: Request, transport: asyncio.Transport, rest: bytes) -> None:
        """Begin a WebSocket connection: its client waits for the response while `$connect` runs."""
        request_info = now()
        client = ClientInfo(
            connection_id=new_id(),
            connected_at=request_info.epoch_ms,
            source_ip=request.peer[0],
            user_agent=request.header("User-Agent"),
        )
        connection = Connection(client=client, transport=transport, received=rest, listener=self)
        self._accepted.add(connection)
        refusal = (
            self._page_refusal(request)
            or handshake.url_refusal(request)
            or handshake.refusal(request, stage=self._api.stage)
        )
        if refusal:
            connection.refuse(serialize(refusal, close=True))
        else:
            self._spawn(self._connect(connection, request_info, request))

    def _page_refusal(self, request: Request) -> Response | None:
        """Return the error response to a page from another origin. AWS accepts it: there it does not reach a laptop."""
        if self._visitors.takes_page(request):
            return None
        origin = (request.header("Origin") or "")[:200]
        self._log_refusal(f"Rejected a page of {origin!a}; --allow-origin {origin!a} allows it to connect")
        return message_response(403, "Forbidden: --allow-origin allows this page to connect")

    async def _connect(self, connection: Connection, request_info: RequestInfo, request: Request) -> None:
        client = connection.client
        trace_id = new_trace_id(request_info.epoch_ms / 1000)
        headers = forwarded_headers(request.headers, api=self._api, source_ip=client.source_ip, trace_id=trace_id)
        asked = Handshake(request_info=request_info, headers=headers, query=request.query)
        try:
            admitted = await self._admission.admit(client, asked, request)
            connection.client = admitted.client
            answer = await self._dispatcher.connect(admitted, asked)
        except (NotAdmitted, IntegrationFailure) as exc:
            self._reject(connection, request_info, exc.status, exc.message)
            return
        if not answer.accepts:
            self._reject(connection, request_info, answer.status)
        elif connection.disconnected:
            # Without this event, the function would consider the client connected forever.
            await self._dispatcher.disconnect(connection.client, DROPPED)
        else:
            self._open[connection.client.connection_id] = connection
            connection.open(handshake.acceptance(request, answer.headers))

    def _reject(self, connection: Connection, request_info: RequestInfo, status: int, message: str = "") -> None:
        identity = connection.client.connection_id
        answer = handshake.rejection(
            status, connection_id=identity, request_id=request_info.request_id, message=message
        )
        connection.refuse(serialize(answer, close=True))

    # Called by connections.

    def received_message(self, connection: Connection, text: str) -> None:
        """Start the function of a message without waiting for earlier messages; functions start in order."""
        task = self._spawn(self._dispatcher.run_route(connection, text))
        task.add_done_callback(lambda _: connection.message_done())

    def closing(self, connection: Connection) -> None:
        """Make posts to the connection fail with 410 from now on."""
        self._open.pop(connection.client.connection_id, None)

    def disconnected(self, connection: Connection, close_event: CloseEvent | None) -> None:
        """Run `$disconnect` if the connection was open."""
        self._accepted.discard(connection)
        if close_event is not None:
            if close_event.fault:
                self._log(f"{connection.client.connection_id}: closed with {close_event.code}: {close_event.reason}")
            self._spawn(self._dispatcher.disconnect(connection.client, close_event))
        self._note_end()

    # Clocks and tasks.

    def _sweep(self) -> None:
        """Close idle and old connections. One timer serves all connections, so that they close a little late."""
        time_now = time.time()
        for connection in tuple(self._open.values()):
            idle = time_now - connection.last_active
            age = time_now - connection.client.connected_at / 1000
            if idle >= self._idle_seconds or age >= self._lifetime_seconds:
                connection.close(GOING_AWAY)
        delay = min(SWEEP_SECONDS, self._idle_seconds / 20, self._lifetime_seconds / 20)
        self._sweeper = asyncio.get_running_loop().call_later(delay, self._sweep)

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            _LOGGER.error("%s: a task failed", self._api.name, exc_info=failure)
        self._note_end()

    def _note_end(self) -> None:
        if self._accepted or self._tasks:
            self._quiet.clear()
        else:
            self._quiet.set()
