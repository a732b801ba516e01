"""Strict JSON (RFC 8259): what Python's parser takes besides, and what a text frame cannot carry, is malformed."""

import json
import math
from collections.abc import Mapping
from itertools import chain
from typing import Any, Final, NoReturn

from chat_core.errors import MalformedFrame

MAX_NESTING: Final = 64
"""How many objects and arrays of a frame may stand inside each other, the frame's own object included.

RFC 8259, section 9, allows a limit. Without one of its own, the protocol would have that of the Python it runs on:
1,000 or 10,000."""

_TOO_DEEP: Final = f"The frame is nested more than {MAX_NESTING} deep."

_COMPACT: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def parse_object(text: str) -> dict[str, Any]:
    """Return the JSON object that the text is.

    Raises:
        MalformedFrame: it is not a JSON object, or it is nested more than `MAX_NESTING` deep.

    """
    members = parse_object_of_any_depth(text)
    check_nesting(members, text=text)
    return members


def parse_object_of_any_depth(text: str) -> dict[str, Any]:
    """Return the JSON object that the text is. Whoever uses it checks the nesting afterwards.

    Raises:
        MalformedFrame: it is not a JSON object, or it is nested deeper than this Python can read.

    """
    members = _parse(text)
    if not isinstance(members, dict):
        raise MalformedFrame("The frame must be a JSON object.")
    return members


def check_nesting(members: Mapping[str, Any], *, text: str) -> None:
    """Judge how deep an object is nested that the text was.

    Raises:
        MalformedFrame: it is nested more than `MAX_NESTING` deep.

    """
    if text.count("[") + text.count("{") > MAX_NESTING and _is_nested_deeper(members, MAX_NESTING):
        raise MalformedFrame(_TOO_DEEP)


def compact(value: Any) -> str:
    """Return the value as JSON without white space. There is no raw line break in it.

    Raises:
        MalformedFrame: the value is nested deeper than Python can write, or has a number that JSON has not. This cannot
            happen to a value that came in a frame.

    """
    try:
        return _COMPACT.encode(value)
    except RecursionError as exc:
        raise MalformedFrame(_TOO_DEEP) from exc
    except ValueError as exc:
        raise MalformedFrame("The value is not JSON.") from exc


def encoded_size(text: str) -> int:
    """Return how many bytes the text has in UTF-8.

    Raises:
        MalformedFrame: the text has half of a surrogate pair. JSON can spell one (RFC 8259, section 8.2); a text frame
            cannot carry it (RFC 6455, section 5.6).

    """
    try:
        return len(text.encode())
    except UnicodeEncodeError as exc:
        raise MalformedFrame("The text has half of a surrogate pair, which is not Unicode.") from exc


def _parse(text: str) -> Any:
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


def _is_nested_deeper(value: Any, depth: int) -> bool:
    """Return whether more than `depth` objects and arrays stand inside each other; without recursion."""
    level = [value]
    for _ in range(depth):
        inside = chain.from_iterable(each.values() if isinstance(each, dict) else each for each in level)
        level = [each for each in inside if isinstance(each, dict | list)]
        if not level:
            return False
    return True
