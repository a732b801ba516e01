"""The errors that a use case raises on purpose.

ChatError
├── Rejected                the request is at fault: repeating it unchanged fails again
│   ├── MalformedFrame      not a JSON object with the members that every request has
│   ├── UnknownAction       the action does not exist
│   ├── InvalidRequest      a member of the request has the wrong type or is missing
│   ├── MessageTooLarge     larger than the transport carries
│   ├── ConnectionClosed    the connection has ended already, and is never revived
│   ├── UnknownRoom         the room's name has a namespace that does not exist
│   ├── PermissionDenied    the client may not do this in this room
│   ├── NotAvailable        the chat, or this room, does not offer what was asked for
│   ├── LimitExceeded       more than one client, or one answer, may have
│   ├── Unrecoverable       not everything that was missed can be recovered
│   ├── Superseded          a later command of the same client has been done already
│   ├── Unauthenticated     the caller could not be authenticated: a new token may be accepted
│   └── Forbidden           the caller is authenticated, but not allowed in
├── TooManyRequests         the sender exceeds its rate: the same request succeeds a little later
├── RoomBusy                the room takes nothing more at the moment: the same request succeeds a little later
└── Unavailable             something behind a port failed: a later attempt may succeed

A recipient that has left is not an error. It is an outcome of a delivery (`MessageSink`).

`code` and `retryable` are part of the wire vocabulary. Clients branch on them, so they never change. The message is for
people and may change.
"""

from typing import ClassVar


class ChatError(Exception):
    """Base of every error that a use case raises on purpose. Its text may be shown to a client."""

    code: ClassVar[str]
    retryable: ClassVar[bool]


class Rejected(ChatError):
    """The request is at fault."""

    retryable = False


class MalformedFrame(Rejected):
    """The frame is not a JSON object with an `action`."""

    code = "malformed_frame"


class UnknownAction(Rejected):
    """The frame names an action that does not exist."""

    code = "unknown_action"

    def __init__(self) -> None:
        super().__init__("There is no such action.")


class InvalidRequest(Rejected):
    """A member of the request is missing or has the wrong type; `member` names it."""

    code = "invalid_request"

    def __init__(self, message: str, *, member: str) -> None:
        super().__init__(message)
        self.member = member


class MessageTooLarge(Rejected):
    """The message is larger than `limit` bytes in the form in which it would be sent."""

    code = "message_too_large"

    def __init__(self, *, size: int, limit: int) -> None:
        super().__init__(f"The message is {size} bytes long; at most {limit} can be sent.")
        self.size = size
        self.limit = limit


class ConnectionClosed(Rejected):
    """The connection has been removed already, and a connection id is never used again."""

    code = "connection_closed"

    def __init__(self) -> None:
        super().__init__("The connection has ended.")


class UnknownRoom(Rejected):
    """The room's name has a namespace that does not exist."""

    code = "unknown_room"

    def __init__(self) -> None:
        super().__init__("There is no such room.")


class PermissionDenied(Rejected):
    """The client may not do this in this room."""

    code = "permission_denied"

    def __init__(self) -> None:
        super().__init__("This is not permitted.")


class NotAvailable(Rejected):
    """The chat, or this room, does not offer what was asked for."""

    code = "not_available"

    def __init__(self) -> None:
        super().__init__("This is not available.")


class LimitExceeded(Rejected):
    """It is more than one client, or one answer, may have."""

    code = "limit_exceeded"


class Unrecoverable(Rejected):
    """Not everything that was missed can be recovered, and the client wants nothing less."""

    code = "unrecoverable_position"

    def __init__(self) -> None:
        super().__init__("Not everything that was missed can be recovered.")


class Superseded(Rejected):
    """A later command of the same client has been done already, so that this one has no effect."""

    code = "superseded"

    def __init__(self) -> None:
        super().__init__("A later command has been done already.")


class Unauthenticated(Rejected):
    """The caller could not be authenticated. The message never contains any part of the token."""

    code = "unauthenticated"


class Forbidden(Rejected):
    """The caller is authenticated, but not allowed in. Another token of the same kind changes nothing."""

    code = "forbidden"


class TooManyRequests(ChatError):
    """The sender exceeds its rate. The same request succeeds a little later."""

    code = "too_many_requests"
    retryable = True

    def __init__(self) -> None:
        super().__init__("This connection sends too much at once; try again a little later.")


class RoomBusy(ChatError):
    """More is waiting to be delivered in the room than it may hold."""

    code = "room_busy"
    retryable = True

    def __init__(self) -> None:
        super().__init__("The room takes nothing more at the moment; try again a little later.")


class Unavailable(ChatError):
    """Something behind a port failed. A later attempt may succeed."""

    code = "unavailable"
    retryable = True
