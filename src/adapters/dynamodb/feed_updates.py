"""The updates of a feed's item (see `adapters.dynamodb.feed_item`), as requests.

All that decides something is in their conditions, and an item changes atomically.
"""

from collections.abc import Sequence
from typing import Final

from adapters.dynamodb.feed_item import EMPTY, IDS_KEPT, LISTS, FeedTurn, texts
from adapters.dynamodb.table import Json, number, text
from adapters.dynamodb.table_client import changes, expressions
from adapters.dynamodb.texts import write_event, write_joiner
from chat_core.domain.events import Event, MessagePublished
from chat_core.domain.feed import Joiner, Turn

MOST_PENDING: Final = 1000
"""Events that a feed takes in one round."""
MOST_JOINERS: Final = 2000
"""Joiners that a feed takes in one round."""
MOST_BYTES: Final = 200_000
"""Of the texts of all that is on a feed. An item has 400 KB at most, and an append costs by the item's whole size."""

_HOLDS: Final = "#holder = :me AND #round = :round"
_NOTHING_MOVED: Final = "size(#taken) = :zero AND size(#taken_joiners) = :zero AND attribute_not_exists(#aside)"
_MOVES: Final = ("#taken = #pending", "#taken_joiners = #joiners", "#pending = :none", "#joiners = :none")


def append(
    room: str,
    event: Event | None,
    joiner: Joiner | None,
    *,
    short_id: str,
    holder: str,
    until: Json,
    now: int,
    expires_at: int,
) -> Json:
    """Put an event, a joiner or both on the feed, and take the turn if nobody has it.

    Fails if there is no feed, if something was appended with this id, or if the feed is full.
    """
    settings = [
        "#ids = list_append(#ids, :ids)",
        "#holder = if_not_exists(#holder, :holder)",
        "#until = if_not_exists(#until, :until)",
        "#size = #size + :size",
    ]
    values = {":ids": {"L": [text(short_id)]}, ":holder": text(holder), ":until": until}
    size = 0
    if event is not None:
        written = write_event(event, room=room)
        size += len(written.encode())
        settings.append("#pending = list_append(#pending, :event)")
        values[":event"] = {"L": [text(written)]}
    if isinstance(event, MessagePublished):
        settings += ["#top = #top + :one", "#expires_at = :expires_at"]
        values |= {":one": number(1), ":expires_at": number(expires_at)}
    if joiner is not None:
        written = write_joiner(joiner)
        size += len(written.encode())
        settings.append("#joiners = list_append(#joiners, :joiner)")
        values[":joiner"] = {"L": [text(written)]}
    values |= {
        ":size": number(size),
        ":left": number(MOST_BYTES - size),
        ":id": text(short_id),
        ":now": number(now),
        ":most": number(MOST_PENDING),
        ":most_joiners": number(MOST_JOINERS),
    }
    return expressions(
        update=f"SET {', '.join(settings)}",
        condition="#expires_at > :now AND NOT contains(#ids, :id) AND NOT contains(#old_ids, :id)"
        " AND size(#pending) < :most AND size(#joiners) < :most_joiners AND #size <= :left",
        values=values,
    )


def begin(*, holder: str, until: Json, now: int, now_ms: Json) -> Json:
    """Take a turn that is free, and begin a round for all that is pending.

    Fails if the turn is not free, if a round is under way, or if nothing is pending.
    """
    return _take(
        settings=_MOVES,
        removed=" REMOVE #skip, #skip_joiners",
        condition=f"{_NOTHING_MOVED} AND (size(#pending) > :zero OR size(#joiners) > :zero)",
        values={":holder": text(holder), ":until": until, ":now": number(now), ":now_ms": now_ms, ":none": EMPTY},
    )


def resume(*, holder: str, until: Json, now: int, now_ms: Json) -> Json:
    """Take a turn that is free, and go on with the round that is under way.

    Fails if the turn is not free, or if no round is under way.
    """
    return _take(
        settings=(),
        removed="",
        condition=f"NOT ({_NOTHING_MOVED})",
        values={":holder": text(holder), ":until": until, ":now": number(now), ":now_ms": now_ms},
    )


def _take(*, settings: Sequence[str], removed: str, condition: str, values: dict[str, Json]) -> Json:
    taking = ["#holder = :holder", "#until = :until", "#round = #round + :one", *settings]
    return expressions(
        update=f"SET {', '.join(taking)}{removed}",
        condition=f"#expires_at > :now AND (attribute_not_exists(#holder) OR #until <= :now_ms) AND {condition}",
        values=values | {":one": number(1), ":zero": number(0)},
    )


def advance(turn: Turn, *, cursor: str, joiners_served: int, until: Json) -> Json:
    """Note how far the round has come. Fails if the turn is not the holder's any more."""
    changed = {"until": until, "cursor": text(cursor), "served": number(joiners_served)}
    removed = ""
    if isinstance(turn, FeedTurn) and not turn.is_moved:
        # Whoever takes this round over has to know what it is for.
        changed["taken"], changed["taken_joiners"] = texts(turn.texts), texts(turn.joiner_texts)
        first = [f"#pending[{at}]" for at in range(len(turn.texts))]
        first += [f"#joiners[{at}]" for at in range(len(turn.joiner_texts))]
        removed = f" REMOVE {', '.join([*first, '#skip', '#skip_joiners'])}"
    update, values = changes(changed, also=["#round = #round + :one"])
    return expressions(update=update + removed, condition=_HOLDS, values=values | _held_by(turn) | {":one": number(1)})


def give_up(turn: Turn, *, now_ms: Json) -> Json:
    """End a round after which there is nothing more.

    Fails if there is more, or if the turn is not the holder's any more.
    """
    settings, values = _end_of_round(turn, now_ms)
    settings += [*(f"#{name} = :none" for name in LISTS), "#size = :zero"]
    return expressions(
        update=f"SET {', '.join(settings)} REMOVE #holder, #until, #cursor, #served, #skip, #skip_joiners, #aside",
        condition=f"{_HOLDS} AND size(#pending) = :events AND size(#joiners) = :joiners",
        values=values | {":none": EMPTY, ":zero": number(0)},
    )


def go_on(turn: Turn, *, now_ms: Json, until: Json) -> Json:
    """End a round, and begin one for all that has come meanwhile. Fails if the turn is not the holder's any more."""
    settings, values = _end_of_round(turn, now_ms)
    settings += [*_MOVES, "#until = :until", "#size = #size - :size"]
    settings += ["#skip = :events", "#skip_joiners = :joiners"]
    size = number(turn.size if isinstance(turn, FeedTurn) else 0)
    return expressions(
        update=f"SET {', '.join(settings)} REMOVE #cursor, #served, #aside",
        condition=_HOLDS,
        values=values | {":none": EMPTY, ":until": until, ":size": size},
    )


def put_aside(turn: Turn, name: str) -> Json:
    """Leave a round to the item of that name. Fails if the turn is not the holder's any more."""
    return expressions(
        update="SET #aside = :name, #taken = :none, #taken_joiners = :none REMOVE #skip, #skip_joiners",
        condition=_HOLDS,
        values=_held_by(turn) | {":name": text(name), ":none": EMPTY},
    )


def release(turn: Turn) -> Json:
    """Give the turn up in the middle of a round. Fails if it is not the holder's any more."""
    return expressions(
        update="SET #round = #round + :one REMOVE #holder, #until",
        condition=_HOLDS,
        values=_held_by(turn) | {":one": number(1)},
    )


def note_wake_up(*, at: Json) -> Json:
    """Note a wake-up. Fails if there is no feed, or if a later one is noted."""
    return expressions(
        update="SET #wake_up_at = :at",
        condition="attribute_exists(#top) AND (attribute_not_exists(#wake_up_at) OR #wake_up_at < :at)",
        values={":at": at},
    )


def _end_of_round(turn: Turn, now_ms: Json) -> tuple[list[str], dict[str, Json]]:
    settings = ["#round = #round + :one"]
    unmoved = isinstance(turn, FeedTurn) and not turn.is_moved
    values = _held_by(turn) | {
        ":one": number(1),
        # How many of `pending` and of `joiners` were this round's.
        ":events": number(len(turn.events) if unmoved else 0),
        ":joiners": number(len(turn.joiners) if unmoved else 0),
    }
    if turn.joiners:
        settings.append("#audience_changed_at = :now_ms")
        values[":now_ms"] = now_ms
    if isinstance(turn, FeedTurn) and turn.ids >= IDS_KEPT:
        settings += ["#old_ids = #ids", "#ids = :no_ids"]
        values[":no_ids"] = EMPTY
    return settings, values


def _held_by(turn: Turn) -> dict[str, Json]:
    return {":me": text(turn.holder), ":round": number(turn.round)}
