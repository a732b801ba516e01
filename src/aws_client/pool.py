"""Connections to one endpoint: as many as the work needs, kept for the next."""

import asyncio
import math
import ssl
import time
from typing import Final

from aws_client.alarm import Alarm
from aws_client.connection import Connection
from aws_client.connector import CONNECT_TIMEOUT_SECONDS, Backoff, Connector
from aws_client.errors import ConnectionFailed
from aws_client.http1 import Http1Connection
from aws_client.http2 import Http2Connection
from aws_client.poller import Poller, new_poller
from aws_client.source import OPEN, Gate, Source
from aws_client.turns import Turns

OPENING_AT_ONCE: Final = 32
"""Handshakes under way: each takes the CPU for most of a millisecond, in which no answer is read."""
WORTH_A_CONNECTION: Final = 8
"""How many requests have to wait for one more connection to be opened, once there are a few."""
A_FEW: Final = 16


class Pool:
    """Sends the requests of sources over connections that it opens, up to a limit of requests under way.

    Requests go one way: from a source, through a connection, to the server. Their ends are recorded by the requests
    themselves; after each round of them the pool asks the sources what is ready, what comes later and what is finished.
    It belongs to the event loop that first runs a source. Nothing runs while there is nothing to send.
    """

    def __init__(self, connector: Connector, *, limit: int, gate: Gate = OPEN) -> None:
        self._connector = connector
        self._limit = limit
        self._turns = Turns(gate)
        self._running: dict[Source, asyncio.Future[None]] = {}
        """What ends each `run`."""
        self._poller: Poller | None = None
        self._connections: dict[Connection, float] = {}
        """When each was opened, on the scale of `time.monotonic()`, in seconds."""
        self._idle: dict[Connection, None] = {}
        """Those with capacity for which there was no request. The one used last is at the end, and taken first: the
        others may then be closed by the server."""
        self._freed: list[Connection] = []
        """Those that have been answered in this round of the poller's."""
        self._unready: set[Connection] = set()
        """Those on which the server has not yet said what it takes, or takes nothing yet."""
        self._opening: set[asyncio.Task[None]] = set()
        self._capacity = None if connector.uses_tls else 1
        """How many requests a connection carries at once, as the connection opened last told; None before the first."""
        self._backoff = Backoff()
        self._alarm = Alarm(self._on_alarm)
        self._next_expiry = math.inf
        """When a request, a connection or a source has taken too long, or earlier."""
        self._is_closed = False

    async def run(self, source: Source) -> None:
        """Send the source's requests, in turn with the other sources', until it is finished.

        If this is cancelled, the requests under way are abandoned. After `close`, every request fails.
        """
        self._prune_stale()
        if source.is_finished(time.monotonic()):
            return
        finished = self._running[source] = asyncio.get_running_loop().create_future()
        self._turns.add(source)
        self._watch(source.deadline)
        try:
            self._dispatch()
            await finished
        finally:
            self._turns.remove(source)
            del self._running[source]
            if not source.is_finished(time.monotonic()):
                for connection in list(self._connections):
                    connection.abandon(source)

    def close(self) -> None:
        """End every connection; what is under way fails, and so does what is still to be sent."""
        self._is_closed = True
        self._alarm.cancel()
        for task in self._opening:
            task.cancel()
        for connection in list(self._connections):
            connection.close()
        if self._poller is not None:
            self._poller.close()
            self._poller = None
        self._dispatch()

    def _prune_stale(self) -> None:
        """Drop the idle connections that the server has closed while the loop did not run, as in a frozen function.

        A request sent on such a connection is lost, and it would be hard to know whether before or after the server
        acted on it.
        """
        if self._poller is not None:
            self._poller.poll()

    def _dispatch(self) -> None:
        """Send what can be sent now over the connections there are, and open more for the rest."""
        if self._is_closed:
            self._fail_ready(ConnectionFailed("closed"))
        while self._idle and self._fill(self._idle.popitem()[0]):
            pass
        self._open_more()
        self._settle()

    def _fill(self, connection: Connection) -> bool:
        """Assign ready requests to a connection until it is full.

        If the requests run out first, mark the connection idle and return False.
        """
        self._idle.pop(connection, None)
        while (request := self._turns.take(time.monotonic())) is not None:
            if request.expires < self._next_expiry:
                self._watch(request.expires)
            if not connection.start(request):
                connection.flush()
                return True
        self._idle[connection] = None
        connection.flush()
        return False

    def _settle(self) -> None:
        """End the runs of finished sources, and set the alarm for what becomes ready later."""
        now = time.monotonic()
        for source, finished in self._running.items():
            if source.is_finished(now) and not finished.done():
                finished.set_result(None)
        self._alarm.set(self._turns.next_due(now))

    def _fail_ready(self, error: ConnectionFailed) -> None:
        """Fail the requests that could be sent now: there is no connection to be had. Sources may try again."""
        while (request := self._turns.take(time.monotonic())) is not None:
            request.failed(error)

    def _on_round(self) -> None:
        """Send the next requests, after all answers that are there have been read.

        Reading and writing by turns costs more (measured): the server falls asleep between any two requests.
        """
        freed = self._freed.copy()
        self._freed.clear()
        for connection in freed:
            if connection in self._connections:
                self._fill(connection)
        if self._backoff.is_on:
            self._open_more()
        self._settle()

    def _on_capacity(self, connection: Connection) -> None:
        """Use a connection that carries many requests; the server may take fewer than were expected."""
        self._fill(connection)
        if connection in self._unready:
            self._unready.discard(connection)
            self._open_more()
        self._settle()

    def _on_lost(self, connection: Connection) -> None:
        opened = self._connections.pop(connection, math.inf)
        was_idle = connection in self._idle
        self._idle.pop(connection, None)
        self._unready.discard(connection)
        if self._is_closed:
            return
        if connection.has_answered:
            self._backoff.answered(opened)
        # One that ends after a while is no failed opening: no storm can come of it, and servers close what is idle.
        elif not connection.is_given_up and not (was_idle and time.monotonic() - opened > CONNECT_TIMEOUT_SECONDS):
            self._on_failed_opening(ConnectionFailed("the connection ended before its first answer"))
            return
        self._open_more()
        self._settle()

    def _on_failed_opening(self, error: ConnectionFailed) -> None:
        self._backoff.failed(time.monotonic())
        if not self._connections and not self._opening:
            self._fail_ready(error)
        self._open_more()
        self._settle()

    def _on_alarm(self) -> None:
        now = time.monotonic()
        if now >= self._next_expiry:
            for connection in list(self._connections):
                connection.expire(now)
            expiries = [each.expires for each in self._connections]
            expiries += [each.deadline for each in self._running if each.deadline > now]
            self._next_expiry = min(expiries, default=math.inf)
        self._dispatch()
        self._alarm.set(self._next_expiry)

    def _watch(self, expiry: float) -> None:
        """Look at this time whether something has taken too long."""
        if expiry < self._next_expiry:
            self._next_expiry = expiry
            self._alarm.set(expiry)

    def _open_more(self) -> None:
        wanted = self._wanted() - len(self._opening)
        if wanted > 0 and self._backoff.is_on:
            wanted = min(wanted, self._allowed())
        for _ in range(wanted):
            task = asyncio.get_running_loop().create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._on_opened)

    def _wanted(self) -> int:
        """Return how many connections should be opened at this moment."""
        backlog = 0 if self._is_closed else self._turns.ready(time.monotonic())
        if not backlog:
            return 0
        if self._capacity is None:
            # The first one tells whether one is enough, and gives the others a TLS session to resume.
            return 1
        room = self._limit - sum(connection.capacity for connection in self._connections)
        if self._capacity > 1:
            # Those that the server has not spoken on yet have capacity soon; one that takes nothing is waited for.
            backlog -= sum(each.capacity for each in self._connections if not each.is_ready)
            if backlog <= 0 or any(each.is_held_back for each in self._connections):
                return 0
            return -(-min(room, backlog) // self._capacity)
        worth = max(min(backlog, A_FEW), backlog // WORTH_A_CONNECTION)
        return min(room, worth - len(self._connections), OPENING_AT_ONCE)

    def _allowed(self) -> int:
        """Return how many connections may be opened: after some that were of no use, one at a time, with pauses."""
        for connection, opened in self._connections.items():
            if connection.has_answered:
                self._backoff.answered(opened)
        if not self._backoff.is_on:
            return self._limit
        if self._opening or not all(each.is_ready for each in self._connections):
            return 0
        now = time.monotonic()
        if now < self._backoff.until:
            self._alarm.set(self._backoff.until)
            return 0
        self._backoff.wait(now)
        return 1

    async def _open(self) -> None:
        if self._poller is None:
            self._poller = new_poller(self._on_round)
        session = next((each.tls_session for each in self._connections), None)
        sock = await self._connector.open(session)
        now = time.monotonic()
        connection: Connection
        if isinstance(sock, ssl.SSLSocket) and sock.selected_alpn_protocol() == "h2":
            connection = Http2Connection(
                sock,
                poller=self._poller,
                available=self._on_capacity,
                lost=self._on_lost,
                limit=self._limit,
                ready_by=now + CONNECT_TIMEOUT_SECONDS,
            )
        else:
            connection = Http1Connection(sock, poller=self._poller, available=self._freed.append, lost=self._on_lost)
        if not connection.is_open:
            raise ConnectionFailed("the connection ended at once")
        self._connections[connection] = now
        self._capacity = connection.capacity
        self._watch(connection.expires)
        if connection.is_ready:
            self._fill(connection)
        else:
            self._unready.add(connection)

    def _on_opened(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._open_more()
            self._settle()
        elif isinstance(error, ConnectionFailed):
            self._on_failed_opening(error)
        else:
            # A bug, which the loop reports; callers must not wait for ever.
            context = {"message": "opening a connection failed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)
            self._on_failed_opening(ConnectionFailed(repr(error)))
