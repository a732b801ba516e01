"""The items of the table: who is connected, who is in a room, and what is on its feed and in its history.

| item            | pk                | sk                 | besides `expires_at`                             |
|-----------------|-------------------|--------------------|--------------------------------------------------|
| a connection    | `connection#<id>` | `connection`       | `format`, `user`, `info`, `accepted`,            |
|                 |                   |                    | `accepted_by`, `rooms`, `due`, `closed`          |
| a room's member | `room#<room>`     | `<connection>`     | `format`, `user`, `info`, `command`,             |
|                 |                   |                    | `join_leave`, `joining`, `missed`, `left`,       |
|                 |                   |                    | `left_at`                                        |
| a room's feed   | `feed#<room>`     | `feed`             | see `adapters.dynamodb.feed_item`                |
| a large round   | `round#<room>`    | a name             | `taken`, `taken_joiners`                         |
| a message       | `log#<room>`      | `<epoch>#<offset>` | `event`, JSON text (`adapters.dynamodb.texts`)   |

A connection:
- `format` is the name of its codec; `user` and `info` (JSON text) are left out if they are empty.
- `accepted` says whether the client has said who it is, and `accepted_by` is a name of the call by which it has.
- `rooms` is a map: each room in which a member's item of this connection may be, and the command that put it there. It
  may name a room that was left, and never lacks one that has a member's item which is delivered to.
- `due` is when its next message may come, in microseconds (`adapters.dynamodb.rate_limiter`).
- `closed` is there once the connection has ended: a name of the call that has ended it.

A member:
- `command` is the id of the last command for this membership, and decides which of two commands wins.
- `join_leave` is true if the member wants to be told who joins and leaves, and absent otherwise.
- `joining` is when it began to join, in seconds since the epoch; absent when it is delivered to.
- `missed` is the lowest offset that it missed; absent if it missed nothing.
- `command_before`, `left_at_before` and `missed_before` are there while it is joining: what these were before that, or
  -1. A join that is repeated because its answer was lost finds them.
- `left` is the command that ended the membership, and `left_at` when that was, in seconds since the epoch. Such an
  item is no member: it keeps an earlier command that comes late from making the membership again.

Opening and accepting write the member and the connection in one transaction. Closing marks the connection's item before
it deletes the members, and leaves the item there for an hour: a write that comes late, from a function that was slow or
whose answer was lost, finds the mark and fails.

An index would keep the rooms of a connection by itself, but a global secondary index is only eventually consistent
(DynamoDB developer guide, "Read consistency"): a client that connects and leaves at once could stay a member.
"""

import json
from typing import Any, Final

Json = dict[str, Any]

PAGE_SIZE: Final = 1000
"""Members of one page. DynamoDB's own pages (1 MB) hold some ten times as many; with smaller ones delivery starts
sooner."""

LIFETIME_SECONDS: Final = 2 * 60 * 60 + 15 * 60
"""API Gateway ends every connection after two hours (its WebSocket quotas table); the margin covers the clocks."""

CLOSED_SECONDS: Final = 60 * 60
"""How long a closed connection is remembered. A Lambda function runs for a quarter of an hour at most, so that no join
comes later."""

LEFT_SECONDS: Final = 60
"""How long a command that ended a membership is remembered at least. Two commands of one client that are done side by
side are both done within half of this: API Gateway's integration time-out is 29 s."""


def connection_key(connection_id: str) -> tuple[str, str]:
    """Return the partition and sort key of a connection's item."""
    return f"connection#{connection_id}", "connection"


def room_partition(room: str) -> str:
    """Return the partition key of a room's members."""
    return f"room#{room}"


def feed_key(room: str) -> tuple[str, str]:
    """Return the partition and sort key of a room's feed."""
    return f"feed#{room}", "feed"


def round_key(room: str, name: str) -> tuple[str, str]:
    """Return the partition and sort key of a round that was put aside."""
    return f"round#{room}", name


def log_partition(room: str) -> str:
    """Return the partition key of a room's history."""
    return f"log#{room}"


HIGHEST_OFFSET: Final = 10**16 - 1
"""Of the offsets that a key can name."""


def message_key(room: str, epoch: str, offset: int) -> tuple[str, str]:
    """Return the partition and sort key of a message in a room's history; keys are in the order of the offsets.

    The epoch is in the key, so that a stream that was lost and begun again never meets what is left of the earlier one.
    """
    return log_partition(room), f"{epoch}#{min(max(offset, 0), HIGHEST_OFFSET):016d}"


def key(pk: str, sk: str) -> Json:
    """Return a key as DynamoDB's JSON has it."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def number(value: float) -> Json:
    """Return a number as DynamoDB's JSON has it."""
    return {"N": str(value)}


def text(value: str) -> Json:
    """Return a text as DynamoDB's JSON has it."""
    return {"S": value}


def write_json(value: Any) -> str:
    """Return a JSON value as text that DynamoDB keeps as it is.

    A half of a surrogate pair, which a JSON text can name and UTF-8 cannot hold, is written as an escape.
    """
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return written.encode(errors="backslashreplace").decode()
