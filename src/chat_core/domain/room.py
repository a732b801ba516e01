"""Rooms: their names, and what each namespace of them keeps and allows.

A namespace is the part of a room's name before its first `:`. The options have the names that Centrifugo gives them
(its documentation, "Channels and namespaces"), so that its documentation serves here as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from chat_core.errors import ChatError, InvalidRequest, UnknownRoom

LOBBY: Final = "lobby"
"""The room of plain clients: each is in it from its start to its end. Others can join it like any room."""

EVERYONE: Final = "*"
"""The room of every connection that joins rooms by command. It is the chat's own: no client can name it."""

MAX_NAME_LENGTH: Final = 255
_RESERVED: Final = frozenset("*&/")
"""Characters that Centrifugo keeps for uses of its own, so that a name which is valid here is valid there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomOptions:
    """What rooms of one namespace keep and allow. The defaults are those of a chat that is open to everyone."""

    history_size: int = 100
    """How many of the last messages are kept; 0 keeps none."""
    history_ttl: int = 24 * 60 * 60
    """For how many seconds a message is kept; 0 keeps none."""
    presence: bool = True
    """Whether clients can ask who is in the room."""
    join_leave: bool = False
    """Whether members that ask for it are told who joins and who leaves."""
    force_push_join_leave: bool = False
    """Whether all members are told, without asking."""
    force_recovery: bool = True
    """Whether every subscription can be recovered, without its client asking."""
    force_positioning: bool = False
    """Whether every subscription has a position, without its client asking."""
    allow_subscribe_for_client: bool = True
    allow_publish_for_client: bool = False
    """Whether a client can publish without being in the room."""
    allow_publish_for_subscriber: bool = True
    allow_presence_for_client: bool = False
    allow_presence_for_subscriber: bool = True
    allow_history_for_client: bool = False
    allow_history_for_subscriber: bool = True

    @property
    def keeps_history(self) -> bool:
        """Whether messages are kept at all."""
        return self.history_size > 0 and self.history_ttl > 0

    @property
    def announces(self) -> bool:
        """Whether anybody is told who joins and leaves."""
        return self.join_leave or self.force_push_join_leave


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """The options of all rooms, by namespace."""

    without_namespace: RoomOptions = field(default_factory=RoomOptions)
    namespaces: Mapping[str, RoomOptions] = field(default_factory=dict)

    def options(self, room: str) -> RoomOptions:
        """Return the options of a room.

        Raises:
            InvalidRequest: no room can have this name.
            UnknownRoom: there is no such namespace.

        """
        check_name(room)
        namespace, colon, _ = room.partition(":")
        if not colon:
            return self.without_namespace
        options = self.namespaces.get(namespace.removeprefix("$"))
        if options is None:
            raise UnknownRoom
        return options

    def options_if_any(self, room: str) -> RoomOptions:
        """Return the options of a room; those that keep and tell nothing for one of the chat's own, or of no namespace.

        A namespace may be taken away while clients are in its rooms.
        """
        try:
            return self.options(room)
        except ChatError:
            return RoomOptions(history_size=0, presence=False)


def check_name(room: str) -> None:
    """Refuse what cannot be the name of a room.

    Raises:
        InvalidRequest: it is empty or too long, or has a character that is reserved or is no printable ASCII.

    """
    printable = room.isascii() and room.isprintable()
    if not (0 < len(room) <= MAX_NAME_LENGTH and printable) or not _RESERVED.isdisjoint(room):
        raise InvalidRequest(
            f"The name of a room has at most {MAX_NAME_LENGTH} characters of ASCII, and none of * & /.",
            member="channel",
        )
