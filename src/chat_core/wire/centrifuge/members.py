"""The members of a request, each read with its type. Null is the same as absent, as it is for Centrifuge."""

from collections.abc import Mapping
from typing import Any, Final

from chat_core.domain.history import StreamPosition
from chat_core.errors import InvalidRequest
from chat_core.wire import json_text

Members = Mapping[str, Any]
"""A JSON object."""

MAX_EPOCH_LENGTH: Final = 64
"""An epoch is a word that the server has chosen, and no server chooses longer ones."""

_UINT64: Final = range(2**64)
_INT32: Final = range(-(2**31), 2**31)
_INT64: Final = range(-(2**63), 2**63)


def members_of(value: object, *, name: str) -> Members:
    """Return a value that is an object.

    Raises:
        InvalidRequest: the value is of another type. Every function here raises it then.

    """
    if not isinstance(value, dict):
        raise InvalidRequest(f"{name} must be an object.", member=name)
    return value


def text(members: Members, name: str) -> str:
    """Return a string; empty if it is absent."""
    value = members.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidRequest(f"{name} must be a string.", member=name)
    json_text.encoded_size(value)
    return value


def flag(members: Members, name: str) -> bool:
    """Return a boolean; false if it is absent."""
    value = members.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise InvalidRequest(f"{name} must be true or false.", member=name)
    return value


def int32(members: Members, name: str) -> int:
    """Return a signed integer of 32 bits; 0 if it is absent."""
    return _integer(members, name, _INT32)


def int64(members: Members, name: str) -> int:
    """Return a signed integer of 64 bits; 0 if it is absent."""
    return _integer(members, name, _INT64)


def position(members: Members) -> StreamPosition:
    """Return the `offset` and the `epoch`, which is empty if the client knows none."""
    epoch = text(members, "epoch")
    if len(epoch) > MAX_EPOCH_LENGTH:
        raise InvalidRequest(f"epoch has at most {MAX_EPOCH_LENGTH} characters.", member="epoch")
    return StreamPosition(epoch, _integer(members, "offset", _UINT64))


def _integer(members: Members, name: str, allowed: range) -> int:
    value = members.get(name)
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
        raise InvalidRequest(f"{name} must be an integer from {allowed[0]} to {allowed[-1]}.", member=name)
    return value
