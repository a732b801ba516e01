"""Events, joiners and clients' values as JSON text, so that every JSON value comes out as it went in.

An event is an object with one member, which names its kind:
`message`: `data`, `publisher` (a client), `time`, `tags`;
`joined` and `left`: `member` (a client); `ended`: `code`, `reason`; `keep_alive`: nothing.
A client is `user`, `client`, `conn_info`, `chan_info`. `room` is there if it is not that of the feed or the history.
What is empty is left out. A message's offset is not in its text: the item that holds it knows.
"""

import json
from typing import Any, Final

from adapters.dynamodb.table import write_json
from chat_core.domain.connection import ClientInfo, Connection, Member
from chat_core.domain.events import (
    Event,
    KeepAlive,
    MemberJoined,
    MemberLeft,
    MessagePublished,
    SubscriptionEnded,
)
from chat_core.domain.feed import Joiner

Json = dict[str, Any]

_MESSAGE_BEGINS: Final = '{"message":'


def write_event(event: Event, *, room: str) -> str:
    """Return the text of an event on the feed, or in the history, of this room."""
    kind, members = _members(event)
    if event.room != room:
        members["room"] = event.room
    return write_json({kind: members})


def is_message(text: str) -> bool:
    """Return whether the text of an event is that of a message."""
    return text.startswith(_MESSAGE_BEGINS)


def read_event(text: str, *, room: str, offset: int) -> Event:
    """Return the event that has this text; a message has the offset."""
    ((kind, members),) = json.loads(text).items()
    room = members.get("room", room)
    match kind:
        case "joined":
            return MemberJoined(room=room, member=_read_client(members["member"]))
        case "left":
            return MemberLeft(room=room, member=_read_client(members["member"]))
        case "ended":
            return SubscriptionEnded(room=room, code=members["code"], reason=members["reason"])
        case "keep_alive":
            return KeepAlive(room=room)
    return _read_message(members, room, offset)


def read_message(text: str, *, room: str, offset: int) -> MessagePublished:
    """Return the message that has this text."""
    members = json.loads(text)["message"]
    return _read_message(members, members.get("room", room), offset)


def write_joiner(joiner: Joiner) -> str:
    """Return the text of a joiner: `id`, `format`, `user`, `info`, `command`, `join_leave`, `told`."""
    member, connection = joiner.member, joiner.member.connection
    members: Json = {"id": connection.id, "format": connection.codec, "command": member.command, "told": joiner.told}
    if member.wants_join_leave:
        members["join_leave"] = True
    if connection.user:
        members["user"] = connection.user
    if connection.info is not None:
        members["info"] = connection.info
    return write_json(members)


def read_joiner(text: str) -> Joiner:
    """Return the joiner that has this text."""
    members = json.loads(text)
    connection = Connection(
        id=members["id"], codec=members["format"], user=members.get("user", ""), info=members.get("info")
    )
    wants_join_leave = members.get("join_leave", False)
    member = Member(connection=connection, command=members["command"], wants_join_leave=wants_join_leave)
    return Joiner(member, members["told"])


def _members(event: Event) -> tuple[str, Json]:
    match event:
        case MessagePublished():
            return "message", _message(event)
        case MemberJoined():
            return "joined", {"member": _client(event.member)}
        case MemberLeft():
            return "left", {"member": _client(event.member)}
        case SubscriptionEnded():
            return "ended", {"code": event.code, "reason": event.reason}
        case KeepAlive():
            return "keep_alive", {}


def _message(event: MessagePublished) -> Json:
    members: Json = {"data": event.data, "time": event.time}
    if event.publisher is not None:
        members["publisher"] = _client(event.publisher)
    if event.tags is not None:
        members["tags"] = dict(event.tags)
    return members


def _read_message(members: Json, room: str, offset: int) -> MessagePublished:
    publisher = members.get("publisher")
    return MessagePublished(
        room=room,
        data=members["data"],
        time=members["time"],
        publisher=None if publisher is None else _read_client(publisher),
        tags=members.get("tags"),
        offset=offset,
    )


def _client(client: ClientInfo) -> Json:
    members: Json = {"user": client.user, "client": client.client}
    if client.conn_info is not None:
        members["conn_info"] = client.conn_info
    if client.chan_info is not None:
        members["chan_info"] = client.chan_info
    return members


def _read_client(members: Json) -> ClientInfo:
    return ClientInfo(
        user=members["user"],
        client=members["client"],
        conn_info=members.get("conn_info"),
        chan_info=members.get("chan_info"),
    )
