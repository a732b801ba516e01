"""The codec of Centrifuge's JSON protocol."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chat_core.limits import Limits
from chat_core.wire.codec import Codec, Decoded, Ref
from chat_core.wire.json_text import encoded_size

if TYPE_CHECKING:
    from chat_core.domain.events import Event
    from chat_core.domain.replies import Reply
    from chat_core.errors import ChatError


class Centrifuge(Codec):
    """`{"id":1,"publish":{"channel":"lobby","data":"live long"}}` in, `{"push":{"channel":"lobby","pub":...}}` out."""

    name = "centrifuge"
    subprotocol = "centrifuge-json"
    needs_connect = True

    def __init__(self, *, limits: Limits | None = None) -> None:
        self._payload_bytes = (limits or Limits()).payload_bytes

    def decode(self, frame: str) -> Sequence[Decoded]:
        """Return the commands of the frame."""
        from chat_core.wire.centrifuge.commands import decode_commands

        return decode_commands(frame)

    def encode_reply(self, *, ref: Ref, reply: "Reply") -> Sequence[str]:
        """Return the reply with the result of the command.

        What a subscription has missed and its reply has no room for follows as pushes. A history is cut: the client
        asks on from the last offset that it was given.
        """
        from chat_core.wire.centrifuge.replies import encode_replies

        return encode_replies(int(ref), reply, payload_bytes=self._payload_bytes)

    def encode_fault(self, *, ref: Ref | None, fault: "ChatError") -> str | None:
        """Return the reply to a command that failed; without one, what ends the connection, or None."""
        from chat_core.wire.centrifuge.errors import encode_disconnect, encode_error

        return encode_disconnect(fault) if ref is None else encode_error(ref=int(ref), fault=fault)

    def encode_event(self, event: "Event") -> str:
        """Return the event as a push."""
        from chat_core.wire.centrifuge.pushes import encode_push

        return encode_push(event)

    def envelope_bytes(self, event: "Event") -> int:
        """Return the size of the event without its data: as a push, or as the only message of a history."""
        from chat_core.domain.events import MessagePublished
        from chat_core.wire.centrifuge.pushes import encode_push
        from chat_core.wire.centrifuge.replies import message_envelope_bytes

        if isinstance(event, MessagePublished):
            return message_envelope_bytes(event)
        return encoded_size(encode_push(event))

    def frames(self, payloads: Sequence[str], *, payload_bytes: int) -> Sequence[str]:
        """Return the payloads joined by line breaks, as many in a message as fit."""
        messages: list[list[str]] = []
        free = 0
        for each in payloads:
            size = encoded_size(each) + len("\n")
            if size > free:
                messages.append([])
                free = payload_bytes + len("\n")
            messages[-1].append(each)
            free -= size
        return ["\n".join(each) for each in messages]
