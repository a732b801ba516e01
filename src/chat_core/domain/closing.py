"""Why a connection is ended by the chat. The codes are Centrifuge's (its disconnect codes)."""

from typing import ClassVar, NamedTuple

from chat_core.errors import ChatError


class Closing(NamedTuple):
    """What a client is told when it has to close its connection.

    With a code from 3500 to 3999, or from 4500 to 4999, it must not come back.
    """

    code: int
    reason: str


BAD_REQUEST = Closing(3501, "bad request")
"""The client does not keep to the protocol."""
NOT_AVAILABLE = Closing(3508, "not available")


class ConnectionEnded(ChatError):
    """The client has to close its connection, and nothing else of its frame is answered."""

    code: ClassVar[str] = "disconnected"
    retryable: ClassVar[bool] = False

    def __init__(self, closing: Closing) -> None:
        super().__init__(closing.reason)
        self.closing = closing
