"""The feeds of rooms, in a dictionary."""

import math
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from chat_core.domain.events import Event, MessagePublished
from chat_core.domain.feed import Appended, Held, Joiner, Turn
from chat_core.domain.history import Stream, StreamPosition
from chat_core.errors import RoomBusy
from chat_core.ports import RoomFeed, TurnLost

LEASE_SECONDS: Final = 10.0
MOST_PENDING: Final = 1000
"""Events, or joiners, that one feed holds."""
_IDS_KEPT: Final = 64


@dataclass(slots=True)
class _Feed:
    epoch: str
    top: int = 0
    pending: list[Event] = field(default_factory=list)
    joiners: list[Joiner] = field(default_factory=list)
    done: deque[tuple[str, int]] = field(default_factory=lambda: deque(maxlen=_IDS_KEPT))
    """The ids of the last appends, each with the top after it."""
    holder: str = ""
    until: float = 0.0
    round: int = 0
    cursor: str = ""
    served: int = 0
    noted: tuple[int, int] | None = None
    """How many events and joiners the round that has a cursor is for."""
    audience_changed_at: float = 0.0
    wake_up_at: float = 0.0


class MemoryRoomFeed(RoomFeed):
    """Keeps feeds for as long as the process lives. Never `Unavailable`."""

    def __init__(
        self,
        *,
        lease: float = LEASE_SECONDS,
        clock: Callable[[], float] = time.time,
        new_epoch: Callable[[], str] = lambda: uuid.uuid4().hex[:8],
    ) -> None:
        self._lease = lease
        self._clock = clock
        self._new_epoch = new_epoch
        self._feeds: dict[str, _Feed] = {}

    async def append(
        self,
        room: str,
        event: Event | None,
        *,
        event_id: str,
        holder: str,
        joiner: Joiner | None = None,
        deadline: float = math.inf,
    ) -> Appended:
        feed = self._feed(room)
        before = dict(feed.done).get(event_id)
        if before is None:
            if len(feed.pending) >= MOST_PENDING or len(feed.joiners) >= MOST_PENDING:
                raise RoomBusy
            if isinstance(event, MessagePublished):
                feed.top += 1
                event = replace(event, offset=feed.top)
            feed.pending += [event] if event else []
            feed.joiners += [joiner] if joiner else []
            feed.done.append((event_id, feed.top))
        turn = self._take(room, feed, holder)
        position = StreamPosition(feed.epoch, feed.top if before is None else before)
        if turn:
            return Appended(position=position, turn=turn)
        return Appended(position=position, turn=None, wake_up_at=feed.wake_up_at, lease_until=feed.until)

    async def take(self, room: str, *, holder: str, deadline: float = math.inf) -> Turn | Held | None:
        feed = self._feeds.get(room)
        if feed is None or not (feed.pending or feed.joiners):
            return None
        return self._take(room, feed, holder) or Held(until=feed.until)

    async def advance(self, turn: Turn, *, cursor: str, joiners_served: int, deadline: float = math.inf) -> Turn:
        feed = self._held(turn)
        feed.cursor, feed.served = cursor, joiners_served
        feed.noted = (len(turn.events), len(turn.joiners))
        feed.round += 1
        feed.until = self._clock() + self._lease
        return self._turn(turn.room, feed)

    async def finish(self, turn: Turn, *, deadline: float = math.inf) -> Turn | None:
        feed = self._held(turn)
        del feed.pending[: len(turn.events)]
        del feed.joiners[: len(turn.joiners)]
        if turn.joiners:
            feed.audience_changed_at = self._clock()
        feed.cursor, feed.served, feed.noted = "", 0, None
        feed.round += 1
        if feed.pending or feed.joiners:
            feed.until = self._clock() + self._lease
            return self._turn(turn.room, feed)
        feed.holder = ""
        return None

    async def release(self, turn: Turn, *, deadline: float = math.inf) -> None:
        feed = self._feeds[turn.room]
        if (feed.holder, feed.round) == (turn.holder, turn.round):
            feed.holder = ""
            feed.round += 1

    async def note_wake_up(self, room: str, *, at: float, deadline: float = math.inf) -> None:
        self._feed(room).wake_up_at = at

    async def stream(self, room: str, *, deadline: float = math.inf) -> Stream:
        feed = self._feed(room)
        messages = [each for each in feed.pending if isinstance(each, MessagePublished)]
        return Stream(top=StreamPosition(feed.epoch, feed.top), pending=messages)

    def _feed(self, room: str) -> _Feed:
        return self._feeds.setdefault(room, _Feed(self._new_epoch()))

    def _take(self, room: str, feed: _Feed, holder: str) -> Turn | None:
        if feed.holder != holder:
            if feed.holder and feed.until > self._clock():
                return None
            feed.holder = holder
            feed.round += 1
            feed.until = self._clock() + self._lease
        return self._turn(room, feed)

    def _held(self, turn: Turn) -> _Feed:
        feed = self._feeds[turn.room]
        if (feed.holder, feed.round) != (turn.holder, turn.round):
            raise TurnLost
        return feed

    def _turn(self, room: str, feed: _Feed) -> Turn:
        events, joiners = feed.noted or (len(feed.pending), len(feed.joiners))
        messages = sum(isinstance(each, MessagePublished) for each in feed.pending)
        return Turn(
            room=room,
            holder=feed.holder,
            round=feed.round,
            until=feed.until,
            epoch=feed.epoch,
            delivered=feed.top - messages,
            events=tuple(feed.pending[:events]),
            joiners=tuple(feed.joiners[:joiners]),
            joiners_served=feed.served,
            cursor=feed.cursor,
            audience_changed_at=feed.audience_changed_at,
        )
