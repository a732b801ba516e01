"""The table's items: who is in a room, and in which rooms a connection is.

| item            | pk                | sk              | besides `format` and `expires_at` | answers              |
|-----------------|-------------------|-----------------|-----------------------------------|----------------------|
| a room's member | `room#<room>`     | `<connection>`  |                                   | who is in this room? |
| a connection    | `connection#<id>` | `connection`    | `rooms`, a set                    | what ends with it?   |

Joining writes the connection's item first, so that no member is without the item that ends its membership. An index
would keep that by itself, but a global secondary index is only eventually consistent (DynamoDB developer guide, "Read
consistency"): a client that connects and leaves at once could stay a member. With its rooms in one item, a hundred
connections are looked up in one request.
"""

PAGE_SIZE = 1000
"""Members handed on at a time. DynamoDB's own pages (1 MB) hold some ten times as many; delivery starts sooner so."""

LIFETIME_SECONDS = 2 * 60 * 60 + 15 * 60
"""API Gateway ends every connection after two hours (its WebSocket quotas table); the margin covers the clocks."""

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 5
"""A chat's event is not worth waiting longer for: what takes longer is sent again."""


def room_partition(room: str) -> str:
    """Return the partition key of a room's members."""
    return f"room#{room}"


def connection_key(connection_id: str) -> tuple[str, str]:
    """Return the partition and sort key of a connection's item."""
    return f"connection#{connection_id}", "connection"
