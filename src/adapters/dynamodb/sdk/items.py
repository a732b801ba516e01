"""The items of the table (see `adapters.dynamodb.table`) as PynamoDB's models."""

import json
from collections.abc import Iterable
from typing import Any, Self, TypedDict

from pynamodb.attributes import (
    BooleanAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from adapters.dynamodb.table import connection_key, message_key, room_partition, write_json
from chat_core.domain.connection import Connection


class Settings(TypedDict):
    """How PynamoDB reaches DynamoDB: what its `Connection` takes, and a model's `Meta` as well."""

    region: str
    host: str | None
    max_retry_attempts: int
    connect_timeout_seconds: float
    read_timeout_seconds: float


class TableItem(Model):
    """An item of the table. `bind` returns the class for a given table."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    expires_at = NumberAttribute()
    """When DynamoDB may delete the item: seconds since the epoch, as its TTL takes them."""

    @classmethod
    def bind(cls, table: str, settings: Settings) -> type[Self]:
        """Return this class for the given table."""
        return type(cls.__name__, (cls,), {"Meta": type("Meta", (), {"table_name": table, **settings})})


class Item(TableItem):
    """A member or a connection."""

    format = UnicodeAttribute(null=True)
    """The name of the codec."""
    user = UnicodeAttribute(null=True)
    info = UnicodeAttribute(null=True)

    accepted = BooleanAttribute(null=True)
    accepted_by = UnicodeAttribute(null=True)
    rooms: "MapAttribute[str, Any]" = MapAttribute(null=True)  # type: ignore[no-untyped-call]
    closed = UnicodeAttribute(null=True)

    command = NumberAttribute(null=True)
    join_leave = BooleanAttribute(null=True)
    joining = NumberAttribute(null=True)
    missed = NumberAttribute(null=True)
    left = NumberAttribute(null=True)
    left_at = NumberAttribute(null=True)
    command_before = NumberAttribute(null=True)
    left_at_before = NumberAttribute(null=True)
    missed_before = NumberAttribute(null=True)

    @classmethod
    def member(cls, room: str, connection_id: str) -> Self:
        """Return the item of a room's member, with its key alone."""
        return cls(pk=room_partition(room), sk=connection_id)

    @classmethod
    def connection(cls, connection_id: str) -> Self:
        """Return the item of a connection, with its key alone."""
        return cls(*connection_key(connection_id))

    @classmethod
    def entry(cls, room: str) -> "_Entry":
        """Return the path of a room in a connection's `rooms`."""
        return _Entry(["rooms", room])

    @classmethod
    def described(cls, connection: Connection) -> list[Action]:
        """Return the changes that say who a connection is."""
        info = None if connection.info is None else write_json(connection.info)
        return [
            cls.format.set(connection.codec),
            cls.user.set(connection.user) if connection.user else cls.user.remove(),
            cls.info.remove() if info is None else cls.info.set(info),
        ]

    def describe(self, connection: Connection) -> None:
        """Say who a connection is, before the item is written as a whole."""
        self.format = connection.codec
        self.user = connection.user or None
        self.info = None if connection.info is None else write_json(connection.info)

    def read_connection(self, connection_id: str) -> Connection:
        """Return the connection that the item describes."""
        info = json.loads(self.info) if self.info else None
        return Connection(id=connection_id, codec=self.format, user=self.user or "", info=info)

    def read_rooms(self) -> Iterable[str]:
        """Return the rooms in which the members of a connection's item may be."""
        rooms: Iterable[str] | None = self.attribute_values.get("rooms")
        return () if rooms is None else list(rooms)


class _Entry(Path):
    """The path of an entry of a map. PynamoDB takes brackets in a name for the place in a list, and refuses others."""

    def _serialize_value(self, value: list[str], names: dict[str, str], values: object) -> str:  # noqa: ARG002
        return ".".join(names.setdefault(each, f"#{len(names)}") for each in value)


class Message(TableItem):
    """A message in a room's history."""

    event = UnicodeAttribute()

    @classmethod
    def of(cls, room: str, epoch: str, offset: int) -> Self:
        """Return the item of a message, with its key alone."""
        return cls(*message_key(room, epoch, offset))
