"""The replies to Centrifuge's commands: `{"id":...,NAME:{...}}`.

JavaScript's client needs the member that has the command's name, if only with an empty object.
"""

from collections.abc import Sequence
from typing import Any, Final

from chat_core.domain.events import MessagePublished
from chat_core.domain.replies import (
    Connected,
    History,
    Joined,
    Left,
    Presence,
    PresenceCount,
    Published,
    Reply,
)
from chat_core.errors import LimitExceeded
from chat_core.wire.centrifuge.members import MAX_EPOCH_LENGTH
from chat_core.wire.centrifuge.pushes import client_info, encode_push, publication, publication_envelope_bytes
from chat_core.wire.json_text import compact, encoded_size

SERVER_VERSION: Final = "chat_core"
"""What `version` of the `connect` result tells an application. Centrifugo has its own version there."""

_LONGEST_HISTORY: Final = compact(
    {"id": 2**32 - 1, "history": {"epoch": "e" * MAX_EPOCH_LENGTH, "offset": 2**64 - 1, "publications": []}}
)


def encode_replies(ref: int, reply: Reply, *, payload_bytes: int) -> Sequence[str]:
    """Return the reply to a command, and what has no room in it as pushes after it.

    Raises:
        LimitExceeded: the reply is larger, and cannot be split.

    """
    match reply:
        case Joined():
            return _joined(ref, reply, payload_bytes)
        case History():
            position = {"epoch": reply.top.epoch, "offset": reply.top.offset}
            return (_with_publications(ref, "history", position, reply.publications, payload_bytes)[0],)
        case Presence():
            return (_presence(ref, reply, payload_bytes),)
    name, result = _short(reply)
    return (_result(ref, name, result),)


def _short(reply: Connected | Left | Published | PresenceCount) -> tuple[str, dict[str, Any]]:
    """Return the name of the result and its members."""
    match reply:
        case Connected():
            return "connect", {"client": reply.client, "version": SERVER_VERSION}
        case PresenceCount():
            return "presence_stats", {"num_clients": reply.clients, "num_users": reply.users}
        case Left():
            return "unsubscribe", {}
    return "publish", {}


def _joined(ref: int, reply: Joined, payload_bytes: int) -> Sequence[str]:
    """Return the reply, and as pushes what was missed and has no room in it: to a client that is the live stream."""
    recovered = reply.missed is not None and reply.missed.recovered
    result: dict[str, Any] = {}
    result |= {"recoverable": True} if reply.recoverable else {}
    if reply.positioned or reply.recoverable:
        # A client counts on from this offset: what was recovered comes after the one that it asked for.
        result |= {"epoch": reply.top.epoch, "offset": reply.asked if recovered else reply.top.offset}
    result |= {"recovered": True} if recovered else {}
    result |= {"positioned": True} if reply.positioned else {}
    result |= {} if reply.missed is None else {"was_recovering": True}
    if reply.missed is None or not recovered:
        # A client shows what it is given, whether or not there is a gap before it.
        return (_result(ref, "subscribe", result),)
    missed = reply.missed.publications
    text, told = _with_publications(ref, "subscribe", result, missed, payload_bytes)
    return (text, *(encode_push(each) for each in missed[told:]))


def _with_publications(
    ref: int, name: str, result: dict[str, Any], publications: Sequence[MessagePublished], payload_bytes: int
) -> tuple[str, int]:
    """Return the reply with the first of the publications, as many as it has room for, and how many these are."""
    empty = _result(ref, name, result | {"publications": []})
    room = payload_bytes - encoded_size(empty)
    texts: list[str] = []
    for each in publications:
        text = publication(each)
        room -= encoded_size(text) + bool(texts)
        if room < 0:
            break
        texts.append(text)
    # The empty list is the last member.
    return empty.removesuffix("]}}") + ",".join(texts) + "]}}", len(texts)


def _presence(ref: int, reply: Presence, payload_bytes: int) -> str:
    members = {each.client: client_info(each) for each in reply.members}
    text = _result(ref, "presence", {"presence": members})
    if encoded_size(text) > payload_bytes:
        raise LimitExceeded(
            "The presence of the room does not fit into one message; presence_stats counts its members."
        )
    return text


def _result(ref: int, name: str, result: dict[str, Any]) -> str:
    return compact({"id": ref, name: result})


def message_envelope_bytes(event: MessagePublished) -> int:
    """Return how many bytes a message has at most besides its data, in a push or as the only one of a history."""
    push = encoded_size(compact({"push": {"channel": event.room, "pub": 0}})) - len("0")
    return publication_envelope_bytes(event) + max(push, len(_LONGEST_HISTORY))
