"""The items of the table: who is in a room, and in which rooms a connection is.

| item            | pk                | sk             | besides `expires_at`         | answers              |
|-----------------|-------------------|----------------|------------------------------|----------------------|
| a room's member | `room#<room>`     | `<connection>` | `format`, its codec          | who is in this room? |
| a connection    | `connection#<id>` | `connection`   | `format`; `rooms`, a set     | what ends with it?   |
|                 |                   |                | `due`, in microseconds       | may it send now?     |
|                 |                   |                | `closed`, once it has ended  | may it still join?   |
| a delivery job  | `fan-out#<id>`    | `position`     | `step`, `after`, `moved_by`  | how far has it come? |

Joining writes the member and the connection in one transaction, so that no member is without the item that ends its
membership. Removing marks the connection's item as closed before it deletes the memberships, and leaves it there for an
hour: a join that comes late, from a function that was slow or whose answer was lost, finds the mark and fails.

An index would keep the rooms of a connection by itself, but a global secondary index is only eventually consistent
(DynamoDB developer guide, "Read consistency"): a client that connects and leaves at once could stay a member.
"""

from typing import Final

PAGE_SIZE: Final = 1000
"""Members of one page. DynamoDB's own pages (1 MB) hold some ten times as many; with smaller ones delivery starts
sooner."""

LIFETIME_SECONDS: Final = 2 * 60 * 60 + 15 * 60
"""API Gateway ends every connection after two hours (its WebSocket quotas table); the margin covers the clocks."""

CLOSED_SECONDS: Final = 60 * 60
"""How long a closed connection is remembered. A Lambda function runs for a quarter of an hour at most, so that no join
comes later."""

JOB_LIFETIME_SECONDS: Final = 24 * 60 * 60
"""Longer than the queue keeps a delivery job."""


def room_partition(room: str) -> str:
    """Return the partition key of a room's members."""
    return f"room#{room}"


def connection_key(connection_id: str) -> tuple[str, str]:
    """Return the partition and sort key of a connection's item."""
    return f"connection#{connection_id}", "connection"


def job_key(job_id: str) -> tuple[str, str]:
    """Return the partition and sort key of a delivery job's checkpoint."""
    return f"fan-out#{job_id}", "position"


def key(pk: str, sk: str) -> dict[str, dict[str, str]]:
    """Return a key as DynamoDB's JSON has it."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}
