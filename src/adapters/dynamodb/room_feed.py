"""The feeds of rooms, each in one item of the table."""

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from adapters.dynamodb import feed_updates
from adapters.dynamodb.feed_item import (
    FeedTurn,
    has_one,
    holder_of,
    holds,
    is_empty,
    is_moved,
    is_next,
    new_feed,
    offset_of,
    position,
    read_stream,
    read_turn,
    round_item,
    seconds,
    short_id,
)
from adapters.dynamodb.table import Json, feed_key, key, number, round_key, text
from adapters.dynamodb.table_client import ConditionFailed, Table, TableClient, expressions
from aws_client import JsonClient
from chat_core.domain.events import Event, MessagePublished
from chat_core.domain.feed import Appended, Held, Joiner, Turn
from chat_core.domain.history import Stream
from chat_core.errors import RoomBusy, Unavailable
from chat_core.ports import RoomFeed, TurnLost

LEASE_SECONDS: Final = 10.0
"""How long a turn lasts without progress: deliveries take seconds under load, and a room whose deliverer died waits for
its end."""

FEED_SECONDS: Final = 30 * 24 * 60 * 60
"""How long a feed lives after its last message."""
UNUSED_SECONDS: Final = 24 * 60 * 60
"""How long a feed without messages lives."""

ASIDE_BYTES: Final = 2_000
"""How large a round is at least that is put aside. That costs two writes, and saves its size in each append."""
ASIDE_SECONDS: Final = 4 * 24 * 60 * 60
"""How long it stays: as long as a queue keeps the wake-up by which it would be resumed (SQS developer guide, "Message
retention period", the default)."""

_BUSY: Final = 4
"""Events in a round, from which on it is likely that more has come meanwhile."""


class FeedOnTable(RoomFeed):
    """Keeps each feed in the item that `adapters.dynamodb.feed_item` describes.

    An append is one update, which takes the turn as well if nobody has it; a second one takes it over from a holder
    whose lease is over. Ending a round is one update, or two if more has come, or less than it seemed. No two processes
    have one turn, as long as their clocks differ by less than the time that a deliverer keeps in reserve.
    """

    def __init__(
        self, table: Table, *, lease: float, clock: Callable[[], float], aside_bytes: int = ASIDE_BYTES
    ) -> None:
        self._table = table
        self._aside_bytes = aside_bytes
        self._lease = lease
        self._clock = clock

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
        short = short_id(event_id, of_message=isinstance(event, MessagePublished))
        now = self._clock()
        request = feed_updates.append(
            room,
            event,
            joiner,
            short_id=short,
            holder=holder,
            until=self._lease_end(),
            now=int(now),
            expires_at=int(now) + FEED_SECONDS,
        )
        offset = None
        try:
            item = await self._update(room, request, deadline)
        except ConditionFailed as exc:
            item = exc.item
            if not self._lives(item):
                await self._create(room, deadline)
                return await self.append(
                    room, event, event_id=event_id, holder=holder, joiner=joiner, deadline=deadline
                )
            offset = offset_of(item, short)
            if offset is None:
                raise RoomBusy from exc
        await self._renew(room, item, deadline)
        turn = await self._turn_after_append(room, item, holder, deadline)
        place = position(item, offset)
        if isinstance(turn, Turn):
            return Appended(position=place, turn=turn)
        until = 0.0 if turn is None else turn.until
        return Appended(position=place, turn=None, wake_up_at=seconds(item, "wake_up_at"), lease_until=until)

    async def take(self, room: str, *, holder: str, deadline: float = math.inf) -> Turn | Held | None:
        item: Json = {}
        for request in (feed_updates.begin, feed_updates.resume):
            taking = request(holder=holder, until=self._lease_end(), now=int(self._clock()), now_ms=self._now())
            try:
                return await self._turn(room, await self._update(room, taking, deadline), deadline)
            except ConditionFailed as exc:
                item = exc.item
            if not self._lives(item) or is_empty(item):
                return None
            if seconds(item, "until") > self._clock():
                break
        if holder_of(item) == holder:
            # A first attempt took it, and its answer was lost.
            return await self._turn(room, item, deadline)
        return Held(until=seconds(item, "until"))

    async def advance(self, turn: Turn, *, cursor: str, joiners_served: int, deadline: float = math.inf) -> Turn:
        until = self._lease_end()
        request = feed_updates.advance(turn, cursor=cursor, joiners_served=joiners_served, until=until)
        try:
            await self._update(turn.room, request, deadline)
        except ConditionFailed as exc:
            if not (exc.item and holder_of(exc.item) and is_next(exc.item, turn)):
                raise TurnLost from exc
            until = exc.item["until"]
        advanced = replace(
            turn, round=turn.round + 1, until=int(until["N"]) / 1000, cursor=cursor, joiners_served=joiners_served
        )
        return replace(advanced, is_moved=True) if isinstance(advanced, FeedTurn) else advanced

    async def finish(self, turn: Turn, *, deadline: float = math.inf) -> Turn | None:
        more_is_likely = len(turn.events) >= _BUSY
        while True:
            if not more_is_likely:
                try:
                    await self._update(turn.room, feed_updates.give_up(turn, now_ms=self._now()), deadline)
                except ConditionFailed as exc:
                    if not exc.item or not holds(exc.item, turn):
                        return await self._ended_before(turn, exc, deadline)
                else:
                    return None
            following = await self._go_on(turn, deadline)
            if following is None:
                return None
            if following.events or following.joiners:
                if following.size >= self._aside_bytes:
                    await self._put_aside(following, deadline)
                return following
            turn, more_is_likely = following, False

    async def release(self, turn: Turn, *, deadline: float = math.inf) -> None:
        with suppress(ConditionFailed):
            await self._update(turn.room, feed_updates.release(turn), deadline)

    async def note_wake_up(self, room: str, *, at: float, deadline: float = math.inf) -> None:
        with suppress(ConditionFailed):
            await self._update(room, feed_updates.note_wake_up(at=number(round(at * 1000))), deadline)

    async def stream(self, room: str, *, deadline: float = math.inf) -> Stream:
        item = await self._table.get(key(*feed_key(room)), deadline=deadline)
        if item is None or not self._lives(item):
            await self._create(room, deadline)
            return await self.stream(room, deadline=deadline)
        await self._renew(room, item, deadline)
        return read_stream(room, await self._whole(room, item, deadline))

    async def _turn_after_append(self, room: str, item: Json, holder: str, deadline: float) -> Turn | Held | None:
        until = seconds(item, "until")
        if until <= self._clock():
            return await self.take(room, holder=holder, deadline=deadline)
        if holder_of(item) != holder:
            return Held(until=until)
        turn = await self._turn(room, item, deadline)
        if is_moved(item) or has_one(item):
            return turn
        # There was more already: from a turn that was released before its round had a cursor.
        try:
            return await self._go_on(replace(turn, events=(), joiners=(), texts=(), joiner_texts=()), deadline)
        except TurnLost:
            return await self.take(room, holder=holder, deadline=deadline)

    async def _go_on(self, turn: Turn, deadline: float) -> FeedTurn | None:
        """End a round, and begin the next one, which may be for nothing.

        Returns:
            The turn; or None if a first attempt has given the turn up since.

        """
        request = feed_updates.go_on(turn, now_ms=self._now(), until=self._lease_end())
        try:
            return read_turn(turn.room, await self._update(turn.room, request, deadline))
        except ConditionFailed as exc:
            return await self._ended_before(turn, exc, deadline)

    async def _ended_before(self, turn: Turn, failed: ConditionFailed, deadline: float) -> FeedTurn | None:
        """Return what the first attempt to end this round came to, whose answer was lost.

        Raises:
            TurnLost: there was none: another has taken the turn.

        """
        item = failed.item
        if not item or not is_next(item, turn):
            raise TurnLost from failed
        return await self._turn(turn.room, item, deadline) if holder_of(item) else None

    async def _put_aside(self, turn: FeedTurn, deadline: float) -> None:
        """Move a large round to an item of its own, as long as the turn is its holder's."""
        item = round_item(turn, expires_at=int(self._clock()) + ASIDE_SECONDS)
        with suppress(ConditionFailed, Unavailable):
            await self._table.call("PutItem", Item=item, deadline=deadline)
            await self._update(turn.room, feed_updates.put_aside(turn, item["sk"]["S"]), deadline)

    async def _turn(self, room: str, item: Json, deadline: float) -> FeedTurn:
        return read_turn(room, await self._whole(room, item, deadline))

    async def _whole(self, room: str, item: Json, deadline: float) -> Json:
        """Return the item with the round that was put aside."""
        if "aside" not in item:
            return item
        partition, name = round_key(room, item["aside"]["S"])
        # No `GetItem`: whoever delivers to a room may query the table, for the room's members, and need not read items.
        answer = await self._table.call(
            "Query",
            KeyConditionExpression="pk = :pk AND sk = :sk",
            ExpressionAttributeValues={":pk": text(partition), ":sk": text(name)},
            ConsistentRead=True,
            deadline=deadline,
        )
        # If there is none, nobody has come by for days.
        return item | {name: aside[name] for aside in answer["Items"] for name in ("taken", "taken_joiners")}

    async def _update(self, room: str, request: Json, deadline: float) -> Json:
        """Change the feed; return its item. If a condition does not hold, the error has the item."""
        answer = await self._table.call(
            "UpdateItem",
            Key=key(*feed_key(room)),
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            deadline=deadline,
            **request,
        )
        item: Json = answer["Attributes"]
        return item

    async def _create(self, room: str, deadline: float) -> None:
        """Begin a stream, unless another process has done so meanwhile."""
        now = int(self._clock())
        condition = expressions(
            condition="attribute_not_exists(#expires_at) OR #expires_at <= :now", values={":now": number(now)}
        )
        item = new_feed(room, expires_at=now + UNUSED_SECONDS)
        with suppress(ConditionFailed):
            await self._table.call("PutItem", Item=item, deadline=deadline, **condition)

    async def _renew(self, room: str, item: Json, deadline: float) -> None:
        """Let a feed live on that is used without messages."""
        now = int(self._clock())
        if int(item["expires_at"]["N"]) < now + UNUSED_SECONDS // 2:
            request = expressions(
                update="SET #expires_at = :later",
                condition="#expires_at < :later",
                values={":later": number(now + UNUSED_SECONDS)},
            )
            with suppress(ConditionFailed):
                await self._update(room, request, deadline)

    def _lives(self, item: Json) -> bool:
        # DynamoDB deletes expired items some days late (developer guide, "Using time to live").
        return bool(item) and int(item["expires_at"]["N"]) > int(self._clock())

    def _now(self) -> Json:
        return number(int(self._clock() * 1000))

    def _lease_end(self) -> Json:
        return number(int((self._clock() + self._lease) * 1000))


class DynamoDBRoomFeed(FeedOnTable):
    """Feeds in a table, with requests made and answers read here."""

    def __init__(
        self,
        client: JsonClient,
        *,
        table: str,
        lease: float = LEASE_SECONDS,
        clock: Callable[[], float] = time.time,
        aside_bytes: int = ASIDE_BYTES,
    ) -> None:
        super().__init__(TableClient(client, table), lease=lease, clock=clock, aside_bytes=aside_bytes)
