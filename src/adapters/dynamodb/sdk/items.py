"""The items of the table (see `adapters.dynamodb.table`) as PynamoDB's models."""

from typing import Self, TypedDict

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from adapters.dynamodb.table import connection_key, room_partition
from chat_core.domain.connection import Connection


class Settings(TypedDict):
    """How PynamoDB reaches DynamoDB: what its `Connection` takes, and a model's `Meta` as well."""

    region: str
    host: str | None
    max_retry_attempts: int
    connect_timeout_seconds: float
    read_timeout_seconds: float


class Item(Model):
    """A member or a connection. `bind` returns the class for a given table."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    format = UnicodeAttribute(null=True)
    """The name of the codec."""
    expires_at = NumberAttribute()
    """When DynamoDB may delete the item: seconds since the epoch, as its TTL takes them."""
    rooms = UnicodeSetAttribute(null=True)
    closed = BooleanAttribute(null=True)

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
            cls.format.set(connection.codec),
            cls.expires_at.set(expires_at),
        ]
