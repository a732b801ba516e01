"""The codecs that a chat speaks, and the choice of one at the handshake."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chat_core.errors import InvalidRequest, MalformedFrame, MessageTooLarge, Rejected
from chat_core.limits import Limits
from chat_core.wire import json_text
from chat_core.wire.centrifuge import Centrifuge
from chat_core.wire.codec import Codec, Decoded, RefusedRequest
from chat_core.wire.plain import Plain

if TYPE_CHECKING:
    from chat_core.domain.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Negotiated:
    """What a handshake leads to."""

    codec: str
    """The name of the codec."""
    needs_connect: bool
    """Whether the connection has to be accepted by a command (`Codec.needs_connect`)."""
    subprotocol: str | None
    """What the handshake's answer has to confirm in `Sec-WebSocket-Protocol` (RFC 6455, section 4.2.2)."""


class Codecs:
    """Some codecs, one of which is that of clients that ask for none."""

    def __init__(
        self, codecs: Sequence[Codec] | None = None, *, default: str = Plain.name, limits: Limits | None = None
    ) -> None:
        """Take the codecs.

        Args:
            codecs: At least one; no two have the same name. None for all that there are.
            default: The name of the codec of clients that ask for none.
            limits: What the transport carries.

        Raises:
            ValueError: there is no codec with the name of the default one.

        """
        limits = limits or Limits()
        self.payload_bytes = limits.payload_bytes
        self._by_name = {each.name: each for each in codecs or (Plain(), Centrifuge(limits=limits))}
        if default not in self._by_name:
            raise ValueError(f"the default protocol is one of: {', '.join(self._by_name)}")
        self._default = self._by_name[default]

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
            raise InvalidRequest(f"Unknown protocol; there are: {', '.join(self._by_name)}.", member="protocol")
        subprotocol = chosen.subprotocol if chosen is offered else None
        return Negotiated(codec=chosen.name, subprotocol=subprotocol, needs_connect=chosen.needs_connect)

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

    def guess(self, frame: str) -> Codec:
        """Return the codec that a frame seems to be in, for a sender that could not be looked up.

        It is that of Centrifuge's clients if the first line is an object with an `id` and without an `action`, and the
        default one otherwise. A client of Centrifuge's ends for good at an answer that is not JSON.
        """
        try:
            members = json_text.parse_object_of_any_depth(frame.partition("\n")[0])
        except MalformedFrame:
            return self._default
        is_command = "id" in members and "action" not in members
        return self.of_sender(Centrifuge.name) if is_command else self._default

    def check_event(self, event: "Event") -> None:
        """Judge an event's size once, for all codecs: who receives it must not depend on who else is in the room.

        Raises:
            MessageTooLarge: its payload would be too large in some codec.
            MalformedFrame: it holds half of a surrogate pair, is nested too deep, or has a number that JSON has not.

        """
        from chat_core.domain.events import MessagePublished

        if not isinstance(event, MessagePublished):
            return
        data = json_text.encoded_size(json_text.compact(event.data))
        self._check_size(data + max(each.envelope_bytes(event) for each in self))

    def _check_size(self, size: int) -> None:
        if size > self.payload_bytes:
            raise MessageTooLarge(size=size, limit=self.payload_bytes)
