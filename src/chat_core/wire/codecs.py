"""The codecs that a chat speaks, and the choice of one at the handshake."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chat_core.errors import InvalidRequest, MessageTooLarge, Rejected
from chat_core.limits import Limits
from chat_core.wire import json_text
from chat_core.wire.chat_v1 import ChatV1
from chat_core.wire.codec import Codec, Decoded, RefusedRequest
from chat_core.wire.plain import Plain

if TYPE_CHECKING:
    from chat_core.domain.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Negotiated:
    """What a handshake leads to."""

    codec: str
    """The name of the codec."""
    subprotocol: str | None
    """What the handshake's answer has to confirm in `Sec-WebSocket-Protocol` (RFC 6455, section 4.2.2)."""


class Codecs:
    """Some codecs, the first of which is that of clients that ask for none."""

    def __init__(self, codecs: Sequence[Codec] = (Plain(), ChatV1()), *, limits: Limits | None = None) -> None:
        """Take the codecs.

        Args:
            codecs: At least one; no two have the same name.
            limits: What the transport carries.

        """
        self._limits = limits or Limits()
        self._by_name = {each.name: each for each in codecs}
        self._default = codecs[0]

    def __iter__(self) -> Iterator[Codec]:
        return iter(self._by_name.values())

    def named(self, name: str) -> Codec | None:
        """Return a codec, or None if it is not known here, as can happen while a new version is deployed."""
        return self._by_name.get(name)

    def negotiate(self, *, subprotocols: Sequence[str], codec: str | None) -> Negotiated:
        """Return the codec that a client asks for.

        Args:
            subprotocols: What it offers in `Sec-WebSocket-Protocol`.
            codec: The codec that it asks for by name, which goes before the subprotocols; None if it names none.

        Raises:
            InvalidRequest: there is no codec of that name.

        """
        offered = next((each for each in self if each.subprotocol in subprotocols and each.subprotocol), None)
        chosen = (offered or self._default) if codec is None else self._by_name.get(codec)
        if chosen is None:
            raise InvalidRequest(f"Unknown format; there are: {', '.join(self._by_name)}.", member="format")
        return Negotiated(codec=chosen.name, subprotocol=chosen.subprotocol if chosen is offered else None)

    def decode(self, frame: str, *, codec: str | None = None) -> Sequence[Decoded]:
        """Return what a frame asks for.

        Args:
            frame: The text of one WebSocket message.
            codec: The name of its sender's codec. If it is None, the default codec reads the frame.

        """
        try:
            self._check_size(json_text.encoded_size(frame))
        except Rejected as fault:
            return (RefusedRequest(ref=None, fault=fault),)
        return self.of_sender(codec).decode(frame)

    def of_sender(self, codec: str | None) -> Codec:
        """Return the codec for what is sent to a client whose codec may not be known: the default one then."""
        return self._default if codec is None else self._by_name.get(codec, self._default)

    def check_event(self, event: "Event") -> None:
        """Judge an event's size once, for all codecs: who receives it must not depend on who else is in the room.

        Raises:
            MessageTooLarge: its payload would be too large in some codec.
            MalformedFrame: it holds half of a surrogate pair, or is nested too deep.

        """
        data = json_text.encoded_size(json_text.compact(event.data))
        self._check_size(data + max(each.envelope_bytes(event) for each in self))

    def _check_size(self, size: int) -> None:
        limit = self._limits.payload_bytes
        if size > limit:
            raise MessageTooLarge(size=size, limit=limit)
