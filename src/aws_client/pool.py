"""The connections to one endpoint: as many as the requests need, kept open for later ones."""

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
"""The most handshakes at once. A handshake occupies the CPU for a while (measured), during which no answer is read."""
WORTH_A_CONNECTION: Final = 8
"""How many ready requests justify one more connection, beyond the first `A_FEW`."""
A_FEW: Final = 16


class Pool:
    """Sends the requests of its sources over connections that it opens, up to a limit of requests under way.

    Data flows one way. A request goes from its source through a connection to the server; its answer is recorded by the
    request; and after each round of answers the pool asks its sources for more requests, for the time when further ones
    become ready, and whether they are finished. A pool belongs to the event loop that it is first used on. It has no
    task and no timer while there is nothing to send.
    """

    def __init__(self, connector: Connector, *, limit: int, gate: Gate = OPEN) -> None:
        self._connector = connector
        self._limit = limit
        self._turns = Turns(gate)
        self._running: dict[Source, asyncio.Future[None]] = {}
        """The future that each `run` awaits."""
        self._poller: Poller | None = None
        self._connections: dict[Connection, float] = {}
        """Each open connection, and when it was opened on the scale of `time.monotonic()`, in seconds."""
        self._idle: dict[Connection, None] = {}
        """The connections with free capacity and no request for it. The last one is used first, so that the server can
        close the others."""
        self._freed: list[Connection] = []
        """The HTTP/1.1 connections whose request was answered in this round of the poller."""
        self._unready: set[Connection] = set()
        """The HTTP/2 connections on which no request could be sent yet."""
        self._opening: set[asyncio.Task[None]] = set()
        self._capacity = None if connector.uses_tls else 1
        """How many requests the last opened connection carries at once; None if that is not known yet."""
        self._backoff = Backoff()
        self._alarm = Alarm(self._on_alarm)
        self._next_expiry = math.inf
        """A lower bound for the first time at which a request, a connection or a source has taken too long."""
        self._dispatched = -math.inf
        """When idle connections were last offered every request that was ready."""
        self._is_closed = False

    async def run(self, source: Source) -> None:
        """Send the requests of a source, in turn with those of other sources, until the source is finished.

        If the call is cancelled, the requests under way are abandoned. After `close`, every request fails at once.
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
        """End every connection. Requests under way fail, and so do those that are ready later."""
        self._is_closed = True
        self._alarm.cancel()
        self._next_expiry = math.inf
        for task in self._opening:
            task.cancel()
        for connection in list(self._connections):
            connection.close()
        if self._poller is not None:
            self._poller.close()
            self._poller = None
        self._dispatch()

    def _prune_stale(self) -> None:
        """Drop the idle connections that the server closed while the loop did not run, as in a frozen function.

        A request sent on such a connection would be lost, with no way to know whether the server acted on it.
        """
        if self._poller is not None:
            self._poller.poll()

    def _dispatch(self) -> None:
        """Send the ready requests over idle connections, and open more connections for the rest."""
        now = self._dispatched = time.monotonic()
        if self._is_closed:
            self._fail_ready(ConnectionFailed("closed"))
        while self._idle and self._fill(self._idle.popitem()[0]):
            pass
        self._open_more(now)
        self._settle(now)

    def _fill(self, connection: Connection) -> bool:
        """Assign ready requests to a connection until it is full.

        If the requests run out first, mark the connection idle and return False.
        """
        self._idle.pop(connection, None)
        while (request := self._turns.take(now := time.monotonic())) is not None:
            if request.expires < self._next_expiry:
                self._watch(request.expires)
            if not connection.start(request):
                connection.flush()
                return True
        self._alarm.set(self._turns.next_due(now))
        self._idle[connection] = None
        connection.flush()
        return False

    def _settle(self, now: float) -> None:
        """End the runs of finished sources; set the alarm for requests of the others that become ready later.

        Requests that were ready at the last dispatch set no alarm: they wait for a connection.
        """
        for source, finished in self._running.items():
            if source.is_finished(now):
                if not finished.done():
                    finished.set_result(None)
            elif self._dispatched < (due := source.next_due()) < math.inf:
                self._alarm.set(due)

    def _fail_ready(self, error: ConnectionFailed) -> None:
        """Fail the ready requests, because no connection can be opened. Their sources may repeat them later."""
        while (request := self._turns.take(now := time.monotonic())) is not None:
            request.failed(error)
        self._alarm.set(self._turns.next_due(now))

    def _on_round(self) -> None:
        """Send the next requests, now that all answers that have arrived are read.

        Alternating reads and writes would cost more (measured): the server would fall asleep between two requests.
        """
        now = time.monotonic()
        freed = self._freed.copy()
        self._freed.clear()
        has_more = True
        for connection in freed:
            if connection not in self._connections:
                continue
            if has_more:
                has_more = self._fill(connection)
            else:
                self._idle[connection] = None
        if self._backoff.is_on:
            self._open_more(now)
        self._settle(now)

    def _on_capacity(self, connection: Connection) -> None:
        """Use the free capacity of an HTTP/2 connection."""
        now = time.monotonic()
        self._fill(connection)
        if connection in self._unready:
            self._unready.discard(connection)
            # The server may allow fewer requests than were expected.
            self._open_more(now)
        self._settle(now)

    def _on_lost(self, connection: Connection) -> None:
        now = time.monotonic()
        opened = self._connections.pop(connection, math.inf)
        was_idle = connection in self._idle
        self._idle.pop(connection, None)
        self._unready.discard(connection)
        if self._is_closed:
            return
        if connection.has_answered:
            self._backoff.answered(opened)
        # A connection that lasted is no failure: servers close idle connections, and no storm can come of it.
        elif not connection.is_given_up and not (was_idle and now - opened > CONNECT_TIMEOUT_SECONDS):
            self._on_failed_opening(ConnectionFailed("the connection ended before its first answer"))
            return
        self._open_more(now)
        self._settle(now)

    def _on_failed_opening(self, error: ConnectionFailed) -> None:
        now = time.monotonic()
        self._backoff.failed(now)
        if not self._connections and not self._opening:
            self._fail_ready(error)
        self._open_more(now)
        self._settle(now)

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
        """Check at this time what has taken too long."""
        if expiry < self._next_expiry:
            self._next_expiry = expiry
            self._alarm.set(expiry)

    def _open_more(self, now: float) -> None:
        """Open more connections if requests are ready for them; otherwise set the alarm for when some are."""
        if self._is_closed:
            return
        ready = self._turns.ready(now)
        if not ready:
            self._alarm.set(self._turns.next_due(now))
            return
        wanted = self._wanted(ready) - len(self._opening)
        if wanted > 0 and self._backoff.is_on:
            wanted = min(wanted, self._allowed(now))
        for _ in range(wanted):
            task = asyncio.get_running_loop().create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._on_opened)

    def _wanted(self, ready: int) -> int:
        """Return how many connections are wanted besides the open ones, counting those that are being opened."""
        if self._capacity is None:
            # The first connection shows whether one is enough, and gives the others a TLS session to resume.
            return 1
        room = self._limit - sum(connection.capacity for connection in self._connections)
        if self._capacity > 1:
            # Connections that wait for the server's settings will have capacity; one that is held back is waited for.
            ready -= sum(each.capacity for each in self._connections if not each.is_ready)
            if ready <= 0 or any(each.is_held_back for each in self._connections):
                return 0
            return -(-min(room, ready) // self._capacity)
        worth = max(min(ready, A_FEW), ready // WORTH_A_CONNECTION)
        return min(room, worth - len(self._connections), OPENING_AT_ONCE)

    def _allowed(self, now: float) -> int:
        """Return how many connections may be opened now: after a failure, one at a time, with pauses."""
        for connection, opened in self._connections.items():
            if connection.has_answered:
                self._backoff.answered(opened)
        if not self._backoff.is_on:
            return self._limit
        if self._opening or not all(each.is_ready for each in self._connections):
            return 0
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
            now = time.monotonic()
            self._open_more(now)
            self._settle(now)
        elif isinstance(error, ConnectionFailed):
            self._on_failed_opening(error)
        else:
            # A bug: the loop reports it, and the callers must not wait for ever.
            context = {"message": "opening a connection failed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)
            self._on_failed_opening(ConnectionFailed(repr(error)))
