"""The form of a fault, which `plain` and `chat.v1` share."""

from chat_core.errors import ChatError
from chat_core.wire import json_text
from chat_core.wire.codec import Ref


def encode_fault(*, ref: Ref | None, fault: ChatError) -> str:
    """Return the payload of a fault."""
    event = {"type": "error", "code": fault.code, "message": str(fault), "retryable": fault.retryable}
    return json_text.compact(event if ref is None else event | {"ref": ref})
