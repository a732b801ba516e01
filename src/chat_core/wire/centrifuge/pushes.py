"""What Centrifuge's clients receive without asking: `{"push":{"channel":...,"pub":{...}}}` and others."""

from typing import Any, Final

from chat_core.domain.connection import ClientInfo
from chat_core.domain.events import Event, MemberJoined, MemberLeft, MessagePublished, SubscriptionEnded
from chat_core.wire.json_text import compact, encoded_size

KEEP_ALIVE: Final = '{"id":4294967295}'
"""A reply that no client waits for, and each ignores. An empty object would be a ping, after which Python's client
expects more of them."""

_LONGEST_OFFSET: Final = f',"offset":{2**64 - 1}'


def encode_push(event: Event) -> str:
    """Return the payload of an event."""
    match event:
        case MessagePublished():
            return f'{{"push":{{"channel":{compact(event.room)},"pub":{publication(event)}}}}}'
        case MemberJoined():
            return _push(event.room, "join", {"info": client_info(event.member)})
        case MemberLeft():
            return _push(event.room, "leave", {"info": client_info(event.member)})
        case SubscriptionEnded():
            return _push(event.room, "unsubscribe", {"code": event.code, "reason": event.reason})
    return KEEP_ALIVE


def publication(event: MessagePublished) -> str:
    """Return a message as JSON, as it stands in pushes and in replies. What is empty is left out."""
    offset = f',"offset":{event.offset}' if event.offset else ""
    return f'{{"data":{compact(event.data)}{_info(event)}{offset}{_tags(event)}}}'


def publication_envelope_bytes(event: MessagePublished) -> int:
    """Return how many bytes a publication has at most besides its data, whatever its offset will be."""
    return len('{"data":}') + len(_LONGEST_OFFSET) + encoded_size(_info(event) + _tags(event))


def _info(event: MessagePublished) -> str:
    return "" if event.publisher is None else f',"info":{compact(client_info(event.publisher))}'


def _tags(event: MessagePublished) -> str:
    return f',"tags":{compact(dict(event.tags))}' if event.tags else ""


def client_info(info: ClientInfo) -> dict[str, Any]:
    """Return what clients are told about another. User and client are always there: libraries read them unasked."""
    members: dict[str, Any] = {"user": info.user, "client": info.client}
    members |= {} if info.conn_info is None else {"conn_info": info.conn_info}
    members |= {} if info.chan_info is None else {"chan_info": info.chan_info}
    return members


def _push(room: str, kind: str, members: dict[str, Any]) -> str:
    return compact({"push": {"channel": room, kind: members}})
