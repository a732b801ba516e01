"""The format of the AWS chat samples: a message arrives as its data alone, and nothing else arrives but faults."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chat_core.wire import json_text
from chat_core.wire.codec import Codec, Decoded, Ref

if TYPE_CHECKING:
    from chat_core.domain.events import Event
    from chat_core.domain.replies import Reply
    from chat_core.errors import ChatError


class Plain(Codec):
    """`{"action":"sendmessage","data":"live long"}` in, `live long` out."""

    name = "plain"
    subprotocol = None
    needs_connect = False

    def decode(self, frame: str) -> Sequence[Decoded]:
        """Return the one request of the frame."""
        from chat_core.wire.actions import decode_action

        return (decode_action(frame),)

    def encode_reply(self, *, ref: Ref, reply: "Reply") -> Sequence[str]:  # noqa: ARG002 - whatever the reply
        """Return nothing: a plain client would take a reply for a message."""
        return ()

    def encode_fault(self, *, ref: Ref | None, fault: "ChatError") -> str:
        """Return a JSON object, of which `code` and `retryable` are for programs."""
        members = {"type": "error", "code": fault.code, "message": str(fault), "retryable": fault.retryable}
        return json_text.compact(members if ref is None else members | {"ref": ref})

    def encode_event(self, event: "Event") -> str | None:
        """Return the data of a message: text as it is, any other value as JSON. Return None for any other event."""
        from chat_core.domain.events import MessagePublished

        if not isinstance(event, MessagePublished):
            return None
        return event.data if isinstance(event.data, str) else json_text.compact(event.data)

    def envelope_bytes(self, event: "Event") -> int:  # noqa: ARG002 - whatever the event
        """Return 0: the payload is never longer than the data as JSON."""
        return 0

    def frames(self, payloads: Sequence[str], *, payload_bytes: int) -> Sequence[str]:  # noqa: ARG002 - each has its own
        """Return the payloads: each is a message of its own."""
        return payloads
