"""Connections to one endpoint: as many as the work needs, kept for the next."""

import asyncio
import math
import ssl
import time
from collections.abc import Callable

from aws_client.errors import ConnectionFailed
from aws_client.exchange import Exchange, Source
from aws_client.http1 import Http1Connection
from aws_client.http2 import Http2Connection
from aws_client.opening import CONNECT_TIMEOUT_SECONDS, Backoff, Opener
from aws_client.poller import Poller, new_poller

Connection = Http1Connection | Http2Connection

OPENING_AT_ONCE = 32
"""Handshakes under way: each takes the CPU for most of a millisecond, in which no answer is read."""
WORTH_A_CONNECTION = 8
"""How many requests have to wait for one more connection to be opened, once there are a few."""
A_FEW = 16


class Pool:
    """Sends what a source has over connections that it opens, up to a limit of requests under way.

    It belongs to the event loop that first pumps it. Nothing runs while there is nothing to send.
    """

    def __init__(self, opener: Opener, source: Source, *, limit: int) -> None:
        self._opener = opener
        self._source = source
        self._limit = limit
        self._poller: Poller | None = None
        self._connections: dict[Connection, float] = {}
        """When each was opened, on the scale of `time.monotonic()`, in seconds."""
        self._idle: dict[Connection, None] = {}
        """Those with places for which there was nothing. The one used last is at the end, and taken first: the others
        may then be closed by the server."""
        self._freed: list[Http1Connection] = []
        """Those that have been answered in this round of the poller's."""
        self._unready: set[Connection] = set()
        """Those on which the server has not yet said what it takes, or takes nothing yet."""
        self._opening: set[asyncio.Task[None]] = set()
        self._places = None if opener.speaks_tls else 1
        """How many requests a connection carries at once, as far as the last one that was opened has told."""
        self._backoff = Backoff()
        self._reopening: asyncio.TimerHandle | None = None
        self._is_closed = False
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = math.inf

    def revive(self) -> None:
        """Drop the idle connections that the server has closed while the loop did not run, as in a frozen function.

        A request sent on such a connection is lost, and it would be hard to know whether before or after the server
        acted on it.
        """
        if self._poller is not None:
            self._poller.look()

    def pump(self) -> None:
        """Send what there is to send, as far as there are connections, and open more for the rest."""
        while self._idle and self._use(self._idle.popitem()[0]):
            pass
        self._open_more()

    def abandon(self, is_meant: Callable[[Exchange], bool]) -> None:
        """Give up requests that were taken from the source."""
        for connection in list(self._connections):
            connection.abandon(is_meant)

    def close(self) -> None:
        """End every connection; what is under way fails."""
        self._is_closed = True
        if self._reopening is not None:
            self._reopening.cancel()
        for task in self._opening:
            task.cancel()
        for connection in list(self._connections):
            connection.close()
        if self._alarm is not None:
            self._alarm.cancel()
        if self._poller is not None:
            self._poller.close()

    def _use(self, connection: Connection) -> bool:
        """Give a connection as much as it can take; where there was too little for that, it is idle, and this False."""
        self._idle.pop(connection, None)
        while (exchange := self._source.take()) is not None:
            if exchange.expires < self._alarm_at:
                self._set_alarm(exchange.expires)
            if not connection.start(exchange):
                connection.flush()
                return True
        self._idle[connection] = None
        connection.flush()
        return False

    def _use_streams(self, connection: Connection) -> None:
        """Use a connection that carries many requests; the server may take fewer than were expected."""
        self._use(connection)
        if connection in self._unready:
            self._unready.discard(connection)
            self._open_more()

    def _use_freed(self) -> None:
        """Send the next requests, after all answers that are there have been read.

        Reading and writing by turns takes 7 % more: the server falls asleep between any two requests.
        """
        freed = self._freed.copy()
        self._freed.clear()
        for connection in freed:
            if connection in self._connections:
                self._use(connection)
        if self._backoff.is_on:
            self._open_more()

    def _lost(self, connection: Connection) -> None:
        opened = self._connections.pop(connection, math.inf)
        was_idle = self._idle.pop(connection, self) is None
        self._unready.discard(connection)
        if self._is_closed:
            return
        if connection.has_answered:
            self._backoff.answered(opened)
            self._open_more()
        elif connection.is_given_up or (was_idle and time.monotonic() - opened > CONNECT_TIMEOUT_SECONDS):
            # It has taken its time, so that no storm can come of it; and servers close what is idle for long.
            self._open_more()
        else:
            self._failed_to_open(ConnectionFailed("the connection ended before its first answer"))

    def _failed_to_open(self, error: ConnectionFailed) -> None:
        self._backoff.failed(time.monotonic())
        if not self._connections and not self._opening:
            # Whatever waits is told that there is no connection to be had; it may come again.
            while exchange := self._source.take():
                exchange.failed(error)
        self._open_more()

    def _open_more(self) -> None:
        wanted = self._wanted() - len(self._opening)
        if wanted > 0 and self._backoff.is_on:
            wanted = min(wanted, self._allowed())
        for _ in range(wanted):
            task = asyncio.get_running_loop().create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opened)

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
            if self._reopening is None:
                self._reopening = asyncio.get_running_loop().call_later(self._backoff.until - now, self._reopen)
            return 0
        self._backoff.wait(now)
        return 1

    def _reopen(self) -> None:
        self._reopening = None
        self.pump()

    def _wanted(self) -> int:
        """Return how many connections should be opened at this moment."""
        backlog = self._source.backlog
        if not backlog:
            return 0
        if self._places is None:
            # The first one tells whether one is enough, and gives the others a TLS session to resume.
            return 1
        room = self._limit - sum(connection.places for connection in self._connections)
        if self._places > 1:
            # Those that the server has not spoken on yet have their places soon; one that takes none is waited for.
            backlog -= sum(each.places for each in self._connections if not each.is_ready)
            if backlog <= 0 or any(each.is_held_back for each in self._connections):
                return 0
            return -(-min(room, backlog) // self._places)
        worth = max(min(backlog, A_FEW), backlog // WORTH_A_CONNECTION)
        return min(room, worth - len(self._connections), OPENING_AT_ONCE)

    async def _open(self) -> None:
        if self._poller is None:
            self._poller = new_poller(self._use_freed)
        session = next((each.tls_session for each in self._connections), None)
        sock = await self._opener.open(session)
        connection: Connection
        if isinstance(sock, ssl.SSLSocket) and sock.selected_alpn_protocol() == "h2":
            connection = Http2Connection(
                sock, poller=self._poller, available=self._use_streams, lost=self._lost, limit=self._limit
            )
        else:
            connection = Http1Connection(sock, poller=self._poller, available=self._freed.append, lost=self._lost)
        if not connection.is_open:
            raise ConnectionFailed("the connection ended at once")
        self._connections[connection] = time.monotonic()
        self._places = connection.places
        if connection.is_ready:
            self._use(connection)
        else:
            self._unready.add(connection)
            asyncio.get_running_loop().call_later(CONNECT_TIMEOUT_SECONDS, self._expect_ready, connection)

    def _expect_ready(self, connection: Connection) -> None:
        """End a connection on which the server has not said a word."""
        if connection.is_open and not connection.is_ready:
            connection.close()

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._open_more()
        elif isinstance(error, ConnectionFailed):
            self._failed_to_open(error)
        else:
            # A bug, of which the loop tells; whoever waits must not wait for ever.
            context = {"message": "opening a connection failed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)
            self._failed_to_open(ConnectionFailed(repr(error)))

    def _set_alarm(self, when: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_later(max(0.0, when - time.monotonic()), self._on_alarm)
        self._alarm_at = when

    def _on_alarm(self) -> None:
        self._alarm, self._alarm_at = None, math.inf
        now = time.monotonic()
        for connection in list(self._connections):
            connection.expire(now)
        earliest = min((each.expires for each in self._connections), default=math.inf)
        if earliest < self._alarm_at:
            self._set_alarm(earliest)
