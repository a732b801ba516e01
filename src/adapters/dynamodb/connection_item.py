"""What the items of connections and of members have in common (see `adapters.dynamodb.table`)."""

import json
from collections.abc import Iterable

from adapters.dynamodb.table import Json, text, write_json
from chat_core.domain.connection import Connection, Session


def description(connection: Connection) -> dict[str, Json | None]:
    """Return the attributes that say who a connection is; those that it lacks have no value."""
    return {
        "format": text(connection.codec),
        "user": text(connection.user) if connection.user else None,
        "info": None if connection.info is None else text(write_json(connection.info)),
    }


def read_connection(connection_id: str, item: Json) -> Connection:
    """Return the connection that an item describes."""
    info = json.loads(item["info"]["S"]) if "info" in item else None
    user = item["user"]["S"] if "user" in item else ""
    return Connection(id=connection_id, codec=item["format"]["S"], user=user, info=info)


def read_rooms(item: Json) -> Iterable[str]:
    """Return the rooms in which the members of a connection's item may be."""
    rooms = item.get("rooms", {})
    # Earlier versions wrote a set. Connections that they opened may be there still while a new one is deployed.
    found: Iterable[str] = rooms.get("M") or rooms.get("SS") or ()
    return found


def read_session(connection_id: str, item: Json) -> Session:
    """Return the session that a connection's item describes."""
    accepted = item.get("accepted", {}).get("BOOL", True)
    connection = read_connection(connection_id, item)
    return Session(connection=connection, accepted=accepted, rooms=frozenset(read_rooms(item)))
