"""The table's items: who is in a room, and in which rooms a connection is.

| item            | pk                | sk             | besides `expires_at`        | answers              |
|-----------------|-------------------|----------------|-----------------------------|----------------------|
| a room's member | `room#<room>`     | `<connection>` | `format`                    | who is in this room? |
| a connection    | `connection#<id>` | `connection`   | `format`; `rooms`, a set    | what ends with it?   |
|                 |                   |                | `due`, in microseconds      | may it send now?     |
| a fan-out       | `fan-out#<id>`    | `position`     | `step`, `after`, `moved_by` | how far has it come? |

Joining writes the connection's item first, so that no member is without the item that ends its membership. An index
would keep that by itself, but a global secondary index is only eventually consistent (DynamoDB developer guide, "Read
consistency"): a client that connects and leaves at once could stay a member. With its rooms in one item, a hundred
connections are looked up in one request.
"""

PAGE_SIZE = 1000
"""Members handed on at a time. DynamoDB's own pages (1 MB) hold some ten times as many; delivery starts sooner so."""

LIFETIME_SECONDS = 2 * 60 * 60 + 15 * 60
"""API Gateway ends every connection after two hours (its WebSocket quotas table); the margin covers the clocks."""

FAN_OUT_LIFETIME_SECONDS = 24 * 60 * 60
"""Longer than the queue keeps a fan-out."""


def room_partition(room: str) -> str:
    """Return the partition key of a room's members."""
    return f"room#{room}"


def connection_key(connection_id: str) -> tuple[str, str]:
    """Return the partition and sort key of a connection's item."""
    return f"connection#{connection_id}", "connection"


def fan_out_key(fan_out: str) -> tuple[str, str]:
    """Return the partition and sort key of a fan-out's position."""
    return f"fan-out#{fan_out}", "position"


def key(pk: str, sk: str) -> dict[str, dict[str, str]]:
    """Return a key as DynamoDB's JSON has it."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}
