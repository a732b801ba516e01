"""What can go wrong, and whose doing it is.

ChatError
├── Rejected                the request is at fault: sending it again unchanged fails again
│   ├── MalformedFrame      not a JSON object with the members that every request has
│   ├── UnknownAction       no such action
│   ├── InvalidRequest      a member of the request has the wrong type or is missing
│   ├── MessageTooLarge     larger than API Gateway can carry
│   ├── Unauthenticated     nobody vouches for the sender: a new token may be accepted
│   └── Forbidden           the sender is known, and is not let in
├── TooManyRequests         the sender sends more than its rate: what is sent more slowly is taken
└── Unavailable             something behind a port failed: trying again later may succeed

A connection that has left is no error: it is an outcome of a delivery (`MessageSink`).

`code` and `retryable` are part of the wire vocabulary: clients branch on them, so they are never renamed. The
message is for people and may change.
"""

from typing import ClassVar


class ChatError(Exception):
    """Base of every error that a use case raises on purpose; its text may be shown to a client."""

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


class Unauthenticated(Rejected):
    """Nobody vouches for whoever asks. The text says why, in words that are ours: nothing of the token is in it."""

    code = "unauthenticated"


class Forbidden(Rejected):
    """Whoever asks is known, and may not; another token of the same kind changes nothing."""

    code = "forbidden"


class TooManyRequests(ChatError):
    """The sender sends more than its rate allows; the same request is taken a little later."""

    code = "too_many_requests"
    retryable = True

    def __init__(self) -> None:
        super().__init__("This connection sends too much at once; try again a little later.")


class Unavailable(ChatError):
    """Something behind a port failed; the request may succeed later."""

    code = "unavailable"
    retryable = True
