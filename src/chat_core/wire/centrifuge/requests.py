"""The requests of Centrifuge's clients: how each becomes a command."""

from collections.abc import Callable, Mapping
from typing import Final, NoReturn

from chat_core.domain.closing import BAD_REQUEST, NOT_AVAILABLE, ConnectionEnded
from chat_core.domain.commands import (
    Command,
    Connect,
    CountPresence,
    Join,
    Leave,
    Publish,
    ReadHistory,
    ReadPresence,
)
from chat_core.errors import InvalidRequest, NotAvailable
from chat_core.wire.centrifuge.members import Members, flag, int32, int64, members_of, position, text

_REJECT_UNRECOVERED: Final = 2
"""The bit of `flag` that asks for error 112 instead of a subscription with a gap. The bit 1 asks for short channel
names, which a server may decline by saying nothing."""

_DELTAS: Final = ("", "fossil")
"""What a client can ask for in `delta`. A server declines it by saying nothing."""


def _connect(members: Members) -> Connect:
    return Connect(
        token=text(members, "token"),
        data=members.get("data"),
        name=text(members, "name"),
        version=text(members, "version"),
    )


def _subscribe(members: Members) -> Join:
    room = _channel(members)
    if int32(members, "type") != 0:
        # A map or a shared poll: engines of Centrifugo's own.
        raise NotAvailable
    if text(members, "delta") not in _DELTAS:
        raise ConnectionEnded(BAD_REQUEST)
    if members.get("tf") is not None:
        raise InvalidRequest("No namespace allows a filter of tags.", member="tf")
    since = position(members)
    return Join(
        room=room,
        token=text(members, "token"),
        recover=since if flag(members, "recover") else None,
        recoverable=flag(members, "recoverable"),
        positioned=flag(members, "positioned"),
        join_leave=flag(members, "join_leave"),
        reject_unrecovered=bool(int64(members, "flag") & _REJECT_UNRECOVERED),
    )


def _unsubscribe(members: Members) -> Leave:
    return Leave(room=_channel(members))


def _publish(members: Members) -> Publish:
    room = _channel(members)
    if int32(members, "type") != 0 or text(members, "key") or flag(members, "removed"):
        # Into a map.
        raise NotAvailable
    if "data" not in members:
        raise InvalidRequest("A publication has data.", member="data")
    return Publish(room=room, data=members["data"])


def _presence(members: Members) -> ReadPresence:
    return ReadPresence(room=_channel(members))


def _presence_stats(members: Members) -> CountPresence:
    return CountPresence(room=_channel(members))


def _history(members: Members) -> ReadHistory:
    since = members.get("since")
    return ReadHistory(
        room=_channel(members),
        limit=int32(members, "limit"),
        since=None if since is None else position(members_of(since, name="since")),
        reverse=flag(members, "reverse"),
    )


def _not_available(_: Members) -> NoReturn:
    raise NotAvailable


def _send(_: Members) -> NoReturn:
    # It has no reply that could say so.
    raise ConnectionEnded(NOT_AVAILABLE)


def _channel(members: Members) -> str:
    """Return the room as the client names it. Whether there can be such a room is for the use case to judge."""
    room = text(members, "channel")
    if not room:
        raise ConnectionEnded(BAD_REQUEST)
    return room


REQUESTS: Final[Mapping[str, Callable[[Members], Command]]] = {
    "connect": _connect,
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "publish": _publish,
    "presence": _presence,
    "presence_stats": _presence_stats,
    "history": _history,
    "rpc": _not_available,
    "send": _send,
    "refresh": _not_available,
    "sub_refresh": _not_available,
}
"""How the command is read from the members of each request. Of several requests in one command, the first here counts.

Each raises `Rejected` or, if the client does not keep to the protocol, `ConnectionEnded`.
"""
