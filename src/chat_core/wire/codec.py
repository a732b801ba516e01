"""The seam between the chat and its wire formats."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # A handshake decodes and encodes nothing: its cold start does not need these.
    from chat_core.domain.commands import Command
    from chat_core.domain.events import Event
    from chat_core.domain.replies import Reply
    from chat_core.errors import ChatError

Ref = str | int
"""What a client names its request by; the reply and the fault repeat it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A command that a frame asks for."""

    ref: Ref | None
    """None if the client wants no reply."""
    command: "Command"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRequest:
    """A part of a frame that asks for nothing that exists."""

    ref: Ref | None
    """None if the client gave none, or if it could not be read."""
    fault: "ChatError"


Decoded = Request | RefusedRequest


class Codec(Protocol):
    """One wire format. Pure: the same input gives the same output, and nothing is awaited.

    A payload is the text of one WebSocket message (RFC 6455, section 5.6).
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """Its name, which is kept with each connection and in delivery jobs, so it never changes."""
        ...

    @property
    @abstractmethod
    def subprotocol(self) -> str | None:
        """The subprotocol that asks for this codec in `Sec-WebSocket-Protocol`; None if there is none."""
        ...

    @property
    @abstractmethod
    def needs_connect(self) -> bool:
        """Whether a connection has to be accepted by a `Connect` command before it receives or does anything."""
        ...

    @abstractmethod
    def decode(self, frame: str) -> Sequence[Decoded]:
        """Return what the frame asks for, in its order. Never raises: a fault is in its `RefusedRequest`."""

    @abstractmethod
    def encode_reply(self, *, ref: Ref, reply: "Reply") -> Sequence[str]:
        """Return the payloads of a reply, in their order; none if clients of this codec receive no replies.

        Raises:
            LimitExceeded: the reply is larger than the transport carries, and cannot be split.

        """

    @abstractmethod
    def encode_fault(self, *, ref: Ref | None, fault: "ChatError") -> str | None:
        """Return the payload that reports a fault to the client that caused or met it; None if there is none for it."""

    @abstractmethod
    def encode_event(self, event: "Event") -> str | None:
        """Return the payload of an event, or None if clients of this codec do not see such events."""

    @abstractmethod
    def envelope_bytes(self, event: "Event") -> int:
        """Return how many bytes the payload of an event has at most besides the event's data, written as JSON."""

    @abstractmethod
    def frames(self, payloads: Sequence[str], *, payload_bytes: int) -> Sequence[str]:
        """Return WebSocket messages of at most so many bytes that carry the payloads in their order.

        Payloads share a message where the format allows it. None of them is larger than the limit by itself.
        """
