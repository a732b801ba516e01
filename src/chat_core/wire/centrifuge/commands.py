"""The frames of Centrifuge's clients: JSON objects, one a line, each with an `id` and one request."""

from collections.abc import Sequence
from typing import Any, Final

from chat_core.domain.closing import BAD_REQUEST, ConnectionEnded
from chat_core.errors import ChatError, MalformedFrame, TooManyRequests
from chat_core.wire import json_text
from chat_core.wire.centrifuge.members import Members, members_of
from chat_core.wire.centrifuge.requests import REQUESTS
from chat_core.wire.codec import Decoded, RefusedRequest, Request

MAX_COMMANDS: Final = 512
"""How many commands of one frame are executed. The others are told to come again a little later.

A client library sends by itself at most what a frame of 32 KB holds: `connect`, and about 300 subscriptions. An
application that batches its own commands may send more, and one invocation has to answer them all.
"""

_IDS: Final = range(1, 2**32)
"""A command's `id` is a uint32, and 0 is none."""


def decode_commands(frame: str) -> Sequence[Decoded]:
    """Return what the frame asks for. Nothing is read after a command that ends the connection, or its hope of one."""
    decoded: list[Decoded] = []
    for line in frame.removesuffix("\n").split("\n"):
        try:
            members = json_text.parse_object_of_any_depth(line)
        except MalformedFrame:
            decoded.append(RefusedRequest(ref=None, fault=ConnectionEnded(BAD_REQUEST)))
            break
        if not members:
            # The answer to a ping.
            continue
        decoded.append(_command(members, line, too_many=len(decoded) >= MAX_COMMANDS))
        if isinstance(decoded[-1], RefusedRequest) and _ends(decoded[-1], members):
            break
    return decoded


def _ends(refused: RefusedRequest, members: Members) -> bool:
    """Return whether nothing can come of the commands after this one: without `connect` none is executed."""
    return isinstance(refused.fault, ConnectionEnded) or members.get("connect") is not None


def _command(members: Members, line: str, *, too_many: bool) -> Decoded:
    ref: int | None = None
    try:
        name = _name(members)
        ref = _id(members.get("id"), required=name != "send")
        json_text.check_nesting(members, text=line)
        command = REQUESTS[name](members_of(members[name], name=name))
        if too_many:
            raise TooManyRequests
        return Request(ref=ref, command=command)
    except ConnectionEnded as fault:
        # Not the command fails, but the connection.
        return RefusedRequest(ref=None, fault=fault)
    except ChatError as fault:
        return RefusedRequest(ref=ref, fault=fault)


def _name(members: Members) -> str:
    name = next((each for each in REQUESTS if members.get(each) is not None), None)
    if name is None:
        raise ConnectionEnded(BAD_REQUEST)
    return name


def _id(value: Any, *, required: bool) -> int | None:
    if value is None and not required:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value not in _IDS:
        raise ConnectionEnded(BAD_REQUEST)
    return value
