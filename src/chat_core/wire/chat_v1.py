"""The format `chat.v1`: everything that arrives is a JSON object with a `type`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chat_core.errors import ChatError
from chat_core.wire import json_text
from chat_core.wire.actions import decode_action
from chat_core.wire.codec import Codec, Decoded, Ref
from chat_core.wire.faults import encode_fault

if TYPE_CHECKING:
    from chat_core.domain.events import Event
    from chat_core.domain.replies import Reply


class ChatV1(Codec):
    """`{"type":"message","room":"lobby","from":"...","data":"live long"}`."""

    name = "json"
    subprotocol = "chat.v1"

    def decode(self, frame: str) -> Sequence[Decoded]:
        """Return the one request of the frame."""
        return (decode_action(frame),)

    def encode_reply(self, *, ref: Ref, reply: "Reply") -> str:
        """Return the reply to a `sendmessage`: how many recipients it reached.

        `closed` counts the failed recipients that were disconnected because they read too slowly. `continues` says that
        a worker still delivers to the rest of the room. Both are left out if there is nothing to say.
        """
        report = reply.report
        event: dict[str, Any] = {
            "type": "sent",
            "ref": ref,
            "from": reply.sender,
            "delivered": report.delivered,
            "gone": report.gone,
            "failed": report.failures,
        }
        event |= {"closed": report.closed} if report.closed else {}
        event |= {"continues": True} if report.continues else {}
        return json_text.compact(event)

    def encode_fault(self, *, ref: Ref | None, fault: ChatError) -> str:
        """Return `{"type":"error","code":...}`."""
        return encode_fault(ref=ref, fault=fault)

    def encode_event(self, event: "Event") -> str:
        """Return `{"type":"message",...}`."""
        return json_text.compact(_message(event, event.data))

    def envelope_bytes(self, event: "Event") -> int:
        """Return the size of the message without its data."""
        return json_text.encoded_size(json_text.compact(_message(event, None))) - len("null")


def _message(event: "Event", data: Any) -> dict[str, Any]:
    return {"type": "message", "room": event.room, "from": event.sender, "data": data}
