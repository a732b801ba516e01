"""Centrifuge's error codes, and which of them tells a client of which fault (its `errors.go`)."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from chat_core.domain.closing import Closing, ConnectionEnded
from chat_core.errors import (
    ChatError,
    ConnectionClosed,
    Forbidden,
    LimitExceeded,
    MessageTooLarge,
    NotAvailable,
    PermissionDenied,
    Rejected,
    RoomBusy,
    Superseded,
    TooManyRequests,
    Unauthenticated,
    UnknownAction,
    UnknownRoom,
    Unrecoverable,
)
from chat_core.wire import json_text


class Error(NamedTuple):
    """What the reply to a command that failed says.

    A temporary error makes the client library subscribe or connect again a little later; any other is final for it.
    """

    code: int
    message: str
    temporary: bool = False


INTERNAL: Final = Error(100, "internal server error", temporary=True)
UNAUTHORIZED: Final = Error(101, "unauthorized")
UNKNOWN_CHANNEL: Final = Error(102, "unknown channel")
PERMISSION_DENIED: Final = Error(103, "permission denied")
METHOD_NOT_FOUND: Final = Error(104, "method not found")
LIMIT_EXCEEDED: Final = Error(106, "limit exceeded")
BAD_REQUEST: Final = Error(107, "bad request")
NOT_AVAILABLE: Final = Error(108, "not available")
TOO_MANY_REQUESTS: Final = Error(111, "too many requests", temporary=True)
UNRECOVERABLE: Final = Error(112, "unrecoverable position")

_BY_FAULT: Final[Mapping[type, Error]] = {
    ChatError: INTERNAL,
    Rejected: BAD_REQUEST,
    # Temporary, so that the client tries again over a new connection: after any other error to `connect` it gives up.
    ConnectionClosed: INTERNAL,
    UnknownRoom: UNKNOWN_CHANNEL,
    PermissionDenied: PERMISSION_DENIED,
    Forbidden: PERMISSION_DENIED,
    Unauthenticated: UNAUTHORIZED,
    UnknownAction: METHOD_NOT_FOUND,
    LimitExceeded: LIMIT_EXCEEDED,
    # Centrifuge has no error for it: a frame over its limit ends the connection, with 1009.
    MessageTooLarge: LIMIT_EXCEEDED,
    NotAvailable: NOT_AVAILABLE,
    TooManyRequests: TOO_MANY_REQUESTS,
    RoomBusy: TOO_MANY_REQUESTS,
    # Temporary, so that a client which still wants the subscription asks again.
    Superseded: TOO_MANY_REQUESTS,
    Unrecoverable: UNRECOVERABLE,
}
"""A fault whose class is not here has the error of its next base class."""


def encode_error(*, ref: int, fault: ChatError) -> str:
    """Return the reply to a command that failed.

    A `ConnectionEnded` has its own code here: as the error of a `connect`, such a code is handed to the application.
    """
    error = _of_closing(fault.closing) if isinstance(fault, ConnectionEnded) else error_of(fault)
    members: dict[str, object] = {"code": error.code, "message": error.message}
    members |= {"temporary": True} if error.temporary else {}
    return json_text.compact({"id": ref, "error": members})


def encode_disconnect(fault: ChatError) -> str | None:
    """Return the push that makes a client close its connection; None for any other fault."""
    if not isinstance(fault, ConnectionEnded):
        return None
    return json_text.compact({"push": {"disconnect": fault.closing._asdict()}})


def error_of(fault: ChatError) -> Error:
    """Return the error that tells a client of this fault. It says nothing of the inside of the chat."""
    return next(_BY_FAULT[each] for each in type(fault).__mro__ if each in _BY_FAULT)


def _of_closing(closing: Closing) -> Error:
    return Error(closing.code, closing.reason)
