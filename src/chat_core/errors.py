"""The errors that a use case raises on purpose.

ChatError
├── Rejected                the request is at fault: repeating it unchanged fails again
│   ├── MalformedFrame      not a JSON object with the members that every request has
│   ├── UnknownAction       the action does not exist
│   ├── InvalidRequest      a member of the request has the wrong type or is missing
│   ├── MessageTooLarge     larger than the transport carries
│   ├── ConnectionClosed    the connection has ended already, and is never revived
│   ├── Unauthenticated     the caller could not be authenticated: a new token may be accepted
│   └── Forbidden           the caller is authenticated, but not allowed in
├── TooManyRequests         the sender exceeds its rate: the same request succeeds a little later
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


class Unavailable(ChatError):
    """Something behind a port failed. A later attempt may succeed."""

    code = "unavailable"
    retryable = True
