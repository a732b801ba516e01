"""The wire protocol: what clients send, what they receive, and the limits of both.

Requests are JSON objects: `action` says what to do, `ref` (optional) is repeated in the reply. What a client receives
depends on its format: see `docs/protocol.md`.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NoReturn

from chat_core.errors import ChatError, InvalidRequest, MalformedFrame, MessageTooLarge, UnknownAction
from chat_core.model import Format

__all__ = [
    "MAX_NESTING",
    "MAX_PAYLOAD_BYTES",
    "SEND_MESSAGE",
    "SUBPROTOCOL",
    "Frame",
    "Ref",
    "choose_format",
    "parse_frame",
    "parse_send_message",
    "render_error",
    "render_message",
    "render_sent",
]

MAX_PAYLOAD_BYTES = 128 * 1024
"""The largest message that API Gateway takes in either direction (its WebSocket quotas table)."""

SUBPROTOCOL = "chat.v1"
"""Offering it in `Sec-WebSocket-Protocol` asks for the JSON format."""

SEND_MESSAGE = "sendmessage"

MAX_REF_LENGTH = 64

MAX_NESTING = 64
"""How many objects and arrays of a frame may stand inside each other, the frame's own object included.

RFC 8259, section 9, allows a limit. Without one of its own, the protocol would have that of the Python it runs on:
1,000 or 10,000."""

Ref = str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A request that has the members every request has; the others are still to be judged."""

    action: str
    ref: Ref | None
    members: dict[str, Any]


def choose_format(*, subprotocols: Sequence[str], query_format: str | None) -> Format:
    """Return the format that a client asked for with its subprotocols or with `?format=`.

    Raises:
        InvalidRequest: there is no format of that name.

    """
    if query_format is None:
        return Format.JSON if SUBPROTOCOL in subprotocols else Format.PLAIN
    try:
        return Format(query_format)
    except ValueError as exc:
        known = ", ".join(Format)
        raise InvalidRequest(f"Unknown format; there are: {known}.", member="format") from exc


def parse_frame(text: str) -> Frame:
    """Read the outside of a request.

    Raises:
        MessageTooLarge: it is over `MAX_PAYLOAD_BYTES` long.
        MalformedFrame: it is not a JSON object (RFC 8259) with a string as `action`, or it is nested more than
            `MAX_NESTING` deep.
        InvalidRequest: `ref` is not a string of at most `MAX_REF_LENGTH` characters nor an integer.

    """
    _refuse_too_large(text)
    members = _parse_json(text)
    if not isinstance(members, dict):
        raise MalformedFrame("The frame must be a JSON object.")
    if text.count("[") + text.count("{") > MAX_NESTING and _is_nested_deeper(members, MAX_NESTING):
        raise MalformedFrame(_TOO_DEEP)
    action = members.get("action")
    if not isinstance(action, str):
        raise MalformedFrame("The frame must have an action, which is a string.")
    return Frame(action=action, ref=_parse_ref(members.get("ref")), members=members)


def parse_send_message(frame: Frame) -> Any:
    """Return the data that a `sendmessage` request carries: any JSON value but the empty string.

    Raises:
        UnknownAction: the frame asks for something else.
        InvalidRequest: `data` is missing, or an empty string, which API Gateway does not promise to carry.

    """
    if frame.action != SEND_MESSAGE:
        raise UnknownAction
    if "data" not in frame.members:
        raise InvalidRequest("The request must have data.", member="data")
    data = frame.members["data"]
    if data == "":
        raise InvalidRequest("The data must not be empty.", member="data")
    return data


def render_message(*, to: Format, room: str, sender: str, data: Any) -> str:
    """Return what a client of format `to` receives of a message.

    Raises:
        MessageTooLarge: it would be over `MAX_PAYLOAD_BYTES` long.

    """
    if to is Format.PLAIN:
        payload = data if isinstance(data, str) else _compact_json(data)
    else:
        payload = _compact_json({"type": "message", "room": room, "from": sender, "data": data})
    _refuse_too_large(payload)
    return payload


def render_sent(
    *, ref: Ref, sender: str, delivered: int, gone: int, failed: int, closed: int = 0, continues: bool = False
) -> str:
    """Return the reply to a `sendmessage` that carried a `ref`: how many connections it reached.

    `closed` says how many of the failed were ended because their clients read too slowly. `continues` says that the
    room is so large that the rest of it is still being delivered to. Both are left out where they say nothing.
    """
    event = {"type": "sent", "ref": ref, "from": sender, "delivered": delivered, "gone": gone, "failed": failed}
    event |= {"closed": closed} if closed else {}
    event |= {"continues": True} if continues else {}
    return _compact_json(event)


def render_error(fault: ChatError, *, ref: Ref | None) -> str:
    """Return the event that tells a client, whatever its format, of an error that it caused or met."""
    event = {"type": "error", "code": fault.code, "message": str(fault), "retryable": fault.retryable}
    return _compact_json(event if ref is None else event | {"ref": ref})


def _parse_ref(ref: object) -> Ref | None:
    if ref is None or (isinstance(ref, int) and not isinstance(ref, bool)):
        return ref
    if isinstance(ref, str) and len(ref) <= MAX_REF_LENGTH:
        _encoded_size(ref)
        return ref
    raise InvalidRequest(
        f"The ref must be an integer, or a string of at most {MAX_REF_LENGTH} characters.",
        member="ref",
    )


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_parse_float)
    except RecursionError as exc:
        raise MalformedFrame(_TOO_DEEP) from exc
    except ValueError as exc:
        # Also integers of thousands of digits, which Python declines to convert.
        raise MalformedFrame("The frame is not JSON.") from exc


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _parse_float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError("too large for a double, so it could not be sent on")
    return value


_TOO_DEEP = f"The frame is nested more than {MAX_NESTING} deep."


def _is_nested_deeper(value: Any, depth: int) -> bool:
    """Return whether more than `depth` objects and arrays stand inside each other; without recursion."""
    level = [value]
    for _ in range(depth):
        inside = chain.from_iterable(each.values() if isinstance(each, dict) else each for each in level)
        level = [each for each in inside if isinstance(each, dict | list)]
        if not level:
            return False
    return True


def _compact_json(value: Any) -> str:
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    except RecursionError as exc:
        # Of a message that came in as an object of Python's; what came as a frame was measured.
        raise MalformedFrame(_TOO_DEEP) from exc


def _refuse_too_large(payload: str) -> None:
    size = _encoded_size(payload)
    if size > MAX_PAYLOAD_BYTES:
        raise MessageTooLarge(size=size, limit=MAX_PAYLOAD_BYTES)


def _encoded_size(text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError as exc:
        # JSON can spell half of a surrogate pair (RFC 8259, section 8.2); a text frame cannot carry it (RFC 6455,
        # section 5.6).
        raise MalformedFrame("The text has half of a surrogate pair, which is not Unicode.") from exc
