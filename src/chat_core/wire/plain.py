"""The format of the AWS chat samples: a message arrives as its data alone, and nothing else arrives but faults."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chat_core.errors import ChatError
from chat_core.wire import json_text
from chat_core.wire.actions import decode_action
from chat_core.wire.codec import Codec, Decoded, Ref
from chat_core.wire.faults import encode_fault

if TYPE_CHECKING:
    from chat_core.domain.events import Event
    from chat_core.domain.replies import Reply


class Plain(Codec):
    """`{"action":"sendmessage","data":"live long"}` in, `live long` out."""

    name = "plain"
    subprotocol = None

    def decode(self, frame: str) -> Sequence[Decoded]:
        """Return the one request of the frame."""
        return (decode_action(frame),)

    def encode_reply(self, *, ref: Ref, reply: "Reply") -> str | None:  # noqa: ARG002 - whatever the reply
        """Return None: a plain client would take a reply for a message."""
        return None

    def encode_fault(self, *, ref: Ref | None, fault: ChatError) -> str:
        """Return a JSON object: whatever its format, a client has to be able to tell a fault from a message."""
        return encode_fault(ref=ref, fault=fault)

    def encode_event(self, event: "Event") -> str:
        """Return the data: text as it is, any other value as JSON."""
        return event.data if isinstance(event.data, str) else json_text.compact(event.data)

    def envelope_bytes(self, event: "Event") -> int:  # noqa: ARG002 - whatever the event
        """Return 0: the payload is never longer than the data as JSON."""
        return 0
