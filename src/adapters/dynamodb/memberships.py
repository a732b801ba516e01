"""The table's items: each membership is kept twice, under its room and under its connection.

| item                | pk                | sk            | answers                                   |
|---------------------|-------------------|---------------|-------------------------------------------|
| a room's member     | `room#<room>`     | connection id | who is in this room?                      |
| a connection's room | `connection#<id>` | room          | which memberships end with this connection?|

Both are written in one transaction, so neither is found without the other. An index would keep the second by itself,
but a global secondary index is only eventually consistent (DynamoDB developer guide, "Read consistency"): a client that
connects and leaves at once could stay a member.
"""

from typing import Self

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from chat_core.model import Connection

_ROOM = "room#"
_CONNECTION = "connection#"


class Membership(Model):
    """One item of the table; `bind` gives the class for a certain table."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    format = UnicodeAttribute()
    expires_at = NumberAttribute()
    """When DynamoDB may delete the item: seconds since the epoch, as its TTL takes them."""

    @classmethod
    def bind(cls, *, table: str, region: str, host: str | None) -> type[Self]:
        """Return this class for the given table; `host` is the URL of an endpoint other than the region's own."""
        meta = type(
            "Meta",
            (),
            {
                "table_name": table,
                "region": region,
                "host": host,
                # A chat's event is not worth waiting longer for: a request that takes this long is sent again.
                "connect_timeout_seconds": 2,
                "read_timeout_seconds": 5,
                "max_retry_attempts": 3,
            },
        )
        return type(cls.__name__, (cls,), {"Meta": meta})

    @classmethod
    def pair(cls, *, room: str, connection: Connection, expires_at: int) -> tuple[Self, Self]:
        """Return the two items of one membership."""
        pair = cls.keys_of_pair(room=room, connection_id=connection.id)
        for item in pair:
            item.format = str(connection.format)
            item.expires_at = expires_at
        return pair

    @classmethod
    def keys_of_pair(cls, *, room: str, connection_id: str) -> tuple[Self, Self]:
        """Return the two items of one membership with their keys alone, to delete them by."""
        return cls(pk=_ROOM + room, sk=connection_id), cls(pk=_CONNECTION + connection_id, sk=room)

    @staticmethod
    def partition_of_room(room: str) -> str:
        """Return the partition key under which the room's members are."""
        return _ROOM + room

    @staticmethod
    def partition_of_connection(connection_id: str) -> str:
        """Return the partition key under which the connection's rooms are."""
        return _CONNECTION + connection_id
