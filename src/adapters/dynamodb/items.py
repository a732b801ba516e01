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

from typing import Self, TypedDict

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chat_core.model import Connection


class Settings(TypedDict):
    """How PynamoDB is to talk to DynamoDB: what `Connection` takes, and a model's `Meta` as well."""

    region: str
    host: str | None
    max_retry_attempts: int
    connect_timeout_seconds: float
    read_timeout_seconds: float


class Item(Model):
    """An item of either kind; `bind` gives the class for a certain table."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    format = UnicodeAttribute()
    expires_at = NumberAttribute()
    """When DynamoDB may delete the item: seconds since the epoch, as its TTL takes them."""
    rooms = UnicodeSetAttribute(null=True)

    @classmethod
    def bind(cls, table: str, settings: Settings) -> type[Self]:
        """Return this class for the given table."""
        return type(cls.__name__, (cls,), {"Meta": type("Meta", (), {"table_name": table, **settings})})

    @classmethod
    def member(cls, *, room: str, connection_id: str) -> Self:
        """Return the item of a room's member, with its key alone."""
        return cls(pk=room_partition(room), sk=connection_id)

    @classmethod
    def connection(cls, connection_id: str) -> Self:
        """Return the item of a connection, with its key alone."""
        return cls(*connection_key(connection_id))

    @classmethod
    def joining(cls, *, room: str, connection: Connection, expires_at: int) -> list[Action]:
        """Return the changes to the connection's item with which it joins a room."""
        return [
            cls.rooms.add({room}),
            cls.format.set(str(connection.format)),
            cls.expires_at.set(expires_at),
        ]


def room_partition(room: str) -> str:
    """Return the partition key of a room's members."""
    return f"room#{room}"


def connection_key(connection_id: str) -> tuple[str, str]:
    """Return the partition and sort key of a connection's item."""
    return f"connection#{connection_id}", "connection"
