"""What was said in a room, as far as it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from chat_core.domain.events import MessagePublished
from chat_core.domain.history import Missed, Stream, StreamPosition
from chat_core.domain.room import RoomOptions
from chat_core.fanout.budget import Budget
from chat_core.ports import Clock, RoomHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Reads a room's stream: what is in the history, and what is on the feed still."""

    history: RoomHistory
    clock: Clock

    async def between(
        self,
        room: str,
        stream: Stream,
        *,
        first: int,
        last: int,
        limit: int,
        options: RoomOptions,
        budget: Budget,
        reverse: bool = False,
    ) -> Sequence[MessagePublished]:
        """Return the messages with these offsets that are kept, `limit` at most; in reverse the newest first.

        The size and the time of the history are applied here: a store may keep more for a while.
        """
        first = max(first, stream.top.offset - options.history_size + 1, 1)
        last = min(last, stream.top.offset)
        if not options.keeps_history or first > last or limit <= 0:
            return ()
        found = {each.offset: each for each in stream.pending if first <= each.offset <= last}
        if not (found and min(found) == first):
            recorded = await self.history.read(
                room,
                epoch=stream.top.epoch,
                first=first,
                last=last,
                limit=limit,
                reverse=reverse,
                deadline=budget.settle_by,
            )
            found |= {each.offset: each for each in recorded}
        oldest = self.clock.now() - options.history_ttl
        kept = [each for _, each in sorted(found.items(), reverse=reverse) if each.time > oldest]
        return kept[:limit]

    async def since(
        self, room: str, stream: Stream, position: StreamPosition, *, most: int, options: RoomOptions, budget: Budget
    ) -> Missed:
        """Return what was said after a position, or that not all of it is kept, or that it is more than `most`.

        The position's epoch is empty if the client does not know it, as Centrifuge has it.
        """
        behind = stream.top.offset - position.offset
        if position.epoch not in ("", stream.top.epoch) or behind < 0 or not options.keeps_history:
            return Missed(recovered=False)
        if behind > most:
            return Missed(recovered=False)
        found = await self.between(
            room,
            stream,
            first=position.offset + 1,
            last=stream.top.offset,
            limit=most,
            options=options,
            budget=budget,
        )
        if len(found) < behind:
            return Missed(recovered=False)
        return Missed(recovered=True, publications=found)
