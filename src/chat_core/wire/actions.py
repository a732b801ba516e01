"""The requests of `plain`: a JSON object whose `action` names the command.

`ref` is optional, and the reply repeats it. The form is that of the AWS chat samples.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from chat_core.domain.commands import Command, SendMessage
from chat_core.errors import ChatError, InvalidRequest, MalformedFrame, UnknownAction
from chat_core.wire import json_text
from chat_core.wire.codec import Decoded, Ref, RefusedRequest, Request

MAX_REF_LENGTH: Final = 64


def decode_action(frame: str) -> Decoded:
    """Return what the frame asks for."""
    ref: Ref | None = None
    try:
        members = json_text.parse_object(frame)
        action = members.get("action")
        if not isinstance(action, str):
            raise MalformedFrame("The frame must have an action, which is a string.")
        ref = _parse_ref(members.get("ref"))
        if action not in ACTIONS:
            raise UnknownAction
        return Request(ref=ref, command=ACTIONS[action](members))
    except ChatError as fault:
        return RefusedRequest(ref=ref, fault=fault)


def _parse_ref(ref: object) -> Ref | None:
    if ref is None or (isinstance(ref, int) and not isinstance(ref, bool)):
        return ref
    if isinstance(ref, str) and len(ref) <= MAX_REF_LENGTH:
        json_text.encoded_size(ref)
        return ref
    raise InvalidRequest(
        f"The ref must be an integer, or a string of at most {MAX_REF_LENGTH} characters.", member="ref"
    )


def _parse_send_message(members: Mapping[str, Any]) -> SendMessage:
    if "data" not in members:
        raise InvalidRequest("The request must have data.", member="data")
    data = members["data"]
    if data == "":
        # API Gateway does not promise to carry an empty message.
        raise InvalidRequest("The data must not be empty.", member="data")
    return SendMessage(data=data)


ACTIONS: Final[Mapping[str, Callable[[Mapping[str, Any]], Command]]] = {"sendmessage": _parse_send_message}
"""By the name of an action: how its command is read from the members of the request. Raises `Rejected`."""
