"""The item of a room's feed: what was appended and is not delivered, and whose turn it is.

| attribute                |                                                                                          |
|--------------------------|------------------------------------------------------------------------------------------|
| `epoch`, `top`           | the stream's name, and the offset of its last message                                    |
| `pending`                | a list of events, the oldest first, each as JSON text (`adapters.dynamodb.texts`)        |
| `joiners`                | a list of joiners, each as JSON text                                                     |
| `taken`, `taken_joiners` | those that the round under way is for                                                    |
| `skip`, `skip_joiners`   | how many of these, the first ones, were served in the round before                       |
| `aside`                  | the sort key of the item that has `taken` and `taken_joiners`, if not this one           |
| `size`                   | how many bytes those texts have together                                                 |
| `ids`, `old_ids`         | the ids of the last appends, shortened, the latest at the end                            |
| `holder`, `until`        | who has the turn, and until when; absent if nobody has it                                |
| `round`                  | rises with every change of the turn but the one from nobody to somebody                  |
| `cursor`, `served`       | how far the round has come; absent at its beginning                                      |
| `audience_changed_at`    | when a joiner was last made live                                                         |
| `wake_up_at`             | when the last wake-up arrives                                                            |

Times are in milliseconds since the epoch, but for `expires_at`. An id of an append begins with `m` if a message was
appended, and with `e` otherwise: so the offset of each message among them follows from `top`.

A round begins by moving all of `pending` and `joiners` at once. So what comes during a round is never taken for a part
of it, and no update has to name single events, however many there are. One round begins without that, and costs no
write but the append: that of a sender to whom the turn falls with all that is on the feed.

An append costs by the size of the whole item. So a large round is put aside, into an item of its own that is never
written again: until then whoever takes the round over finds it here, and afterwards there.
"""

import base64
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adapters.dynamodb.table import Json, feed_key, key, number, round_key, text
from adapters.dynamodb.texts import is_message, read_event, read_joiner, read_message
from chat_core.domain.events import Event, MessagePublished
from chat_core.domain.feed import Turn
from chat_core.domain.history import Stream, StreamPosition

IDS_KEPT: Final = 32
"""How many ids `ids` has at least before it becomes `old_ids`. So the last 32 appends are known, and often 64."""

EMPTY: Final[Json] = {"L": []}
LISTS: Final = ("taken", "taken_joiners", "pending", "joiners")
"""The attributes for what is on the feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTurn(Turn):
    """A turn, and what ending its round needs to know of the item."""

    is_moved: bool
    """Whether its events and joiners are in `taken` and `taken_joiners`; else they are those of `pending` and `joiners`
    that come first."""
    texts: Sequence[str]
    """Of its events."""
    joiner_texts: Sequence[str]
    ids: int
    """How many ids were in `ids`."""

    @property
    def size(self) -> int:
        """How many bytes the texts have."""
        return sum(len(each.encode()) for each in [*self.texts, *self.joiner_texts])


def new_feed(room: str, *, expires_at: int) -> Json:
    """Return the item of a feed that nothing was appended to."""
    empty = dict.fromkeys((*LISTS, "ids", "old_ids"), EMPTY)
    numbers = dict.fromkeys(("top", "size", "round"), number(0))
    epoch = {"epoch": text(uuid.uuid4().hex[:8])}
    return key(*feed_key(room)) | epoch | numbers | empty | {"expires_at": number(expires_at)}


def short_id(event_id: str, *, of_message: bool) -> str:
    """Return the id of an append as the item keeps it: 48 bits, which the few ids of one feed do not share."""
    short = base64.urlsafe_b64encode(hashlib.sha256(event_id.encode()).digest()[:6]).decode()
    return ("m" if of_message else "e") + short


def offset_of(item: Json, short: str) -> int | None:
    """Return the offset of the message that was appended with this id, or the top for another event.

    None if nothing is known to have been appended with it.
    """
    top = int(item["top"]["N"])
    ids: list[str] = [each["S"] for name in ("old_ids", "ids") for each in item[name]["L"]]
    if short not in ids:
        return None
    if not short.startswith("m"):
        return top
    return top - sum(each.startswith("m") for each in ids[ids.index(short) + 1 :])


def is_empty(item: Json) -> bool:
    """Return whether there is nothing on the feed."""
    return "aside" not in item and not any(item[name]["L"] for name in LISTS)


def is_moved(item: Json) -> bool:
    """Return whether a round is under way for what was moved for it."""
    return "aside" in item or bool(item["taken"]["L"] or item["taken_joiners"]["L"])


def has_one(item: Json) -> bool:
    """Return whether there is one event or joiner on the feed, or one of each."""
    return not is_moved(item) and len(item["pending"]["L"]) <= 1 and len(item["joiners"]["L"]) <= 1


def holds(item: Json, turn: Turn) -> bool:
    """Return whether the turn is still its holder's, and unchanged."""
    return holder_of(item) == turn.holder and int(item["round"]["N"]) == turn.round


def is_next(item: Json, turn: Turn) -> bool:
    """Return whether the turn was changed once since, by its holder: nobody else changes it while it is held."""
    return holder_of(item) in {turn.holder, ""} and int(item["round"]["N"]) == turn.round + 1


def holder_of(item: Json) -> str:
    """Return who has the turn; empty if nobody has."""
    name: str = item["holder"]["S"] if "holder" in item else ""
    return name


def seconds(item: Json, name: str) -> float:
    """Return a time of the item in seconds; 0 if it is not there."""
    return int(item[name]["N"]) / 1000 if name in item else 0.0


def position(item: Json, offset: int | None = None) -> StreamPosition:
    """Return the position of an offset, or of the top."""
    return StreamPosition(item["epoch"]["S"], int(item["top"]["N"]) if offset is None else offset)


def round_item(turn: FeedTurn, *, expires_at: int) -> Json:
    """Return the item of a round that is put aside."""
    return key(*round_key(turn.room, f"{turn.holder}#{turn.round}")) | {
        "taken": texts(turn.texts),
        "taken_joiners": texts(turn.joiner_texts),
        "expires_at": number(expires_at),
    }


def texts(values: Sequence[str]) -> Json:
    """Return a list of texts as DynamoDB's JSON has it."""
    return {"L": [text(each) for each in values]}


def read_turn(room: str, item: Json) -> FeedTurn:
    """Return the turn of the item's holder, for what was moved, or for everything if nothing was.

    A round that was put aside has to be in the item again.
    """
    taken, pending = _texts(item, "taken", "skip"), _texts(item, "pending")
    delivered = int(item["top"]["N"]) - sum(map(is_message, taken)) - sum(map(is_message, pending))
    moved = is_moved(item)
    events = taken if moved else pending
    joiners = _texts(item, "taken_joiners", "skip_joiners") if moved else _texts(item, "joiners")
    return FeedTurn(
        room=room,
        holder=holder_of(item),
        round=int(item["round"]["N"]),
        until=seconds(item, "until"),
        epoch=item["epoch"]["S"],
        delivered=delivered,
        events=_events(events, room, delivered),
        joiners=tuple(map(read_joiner, joiners)),
        joiners_served=int(item["served"]["N"]) if "served" in item else 0,
        cursor=item["cursor"]["S"] if "cursor" in item else "",
        audience_changed_at=seconds(item, "audience_changed_at"),
        is_moved=moved,
        texts=events,
        joiner_texts=joiners,
        ids=len(item["ids"]["L"]),
    )


def read_stream(room: str, item: Json) -> Stream:
    """Return the stream, with its messages that are not delivered."""
    top = position(item)
    messages = [each for each in [*_texts(item, "taken", "skip"), *_texts(item, "pending")] if is_message(each)]
    first = top.offset - len(messages) + 1
    pending = [read_message(each, room=room, offset=first + at) for at, each in enumerate(messages)]
    return Stream(top=top, pending=pending)


def _texts(item: Json, name: str, skip: str = "") -> Sequence[str]:
    first = int(item[skip]["N"]) if skip in item else 0
    return [each["S"] for each in item[name]["L"][first:]]


def _events(texts: Sequence[str], room: str, delivered: int) -> Sequence[Event]:
    events: list[Event] = []
    offset = delivered
    for each in texts:
        event = read_event(each, room=room, offset=offset + 1)
        offset += isinstance(event, MessagePublished)
        events.append(event)
    return tuple(events)
