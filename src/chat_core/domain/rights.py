"""What the name of a room says about who may be in it (Centrifugo's documentation, "Channels and namespaces")."""

from typing import Final

from chat_core.domain.connection import Connection
from chat_core.domain.room import RoomOptions

PRIVATE: Final = "$"
"""A room whose name begins with it can only be joined with a token for it."""
USERS: Final = "#"
"""What follows the last one in a room's name are the users that may join it, separated by commas."""


def may_join(connection: Connection, room: str, options: RoomOptions) -> bool:
    """Return whether a client may join a room without a token for it."""
    if room.startswith(PRIVATE):
        return False
    if USERS in room:
        return connection.user != "" and connection.user in room.rpartition(USERS)[2].split(",")
    return options.allow_subscribe_for_client
