"""Mapping templates: what the service's variables mean in a Velocity template.

Source: Developer Guide, "WebSocket API mapping template reference": `$context`, `$input.body`, `$input.json(path)`,
`$input.path(path)`, `$stageVariables` and `$util`. A value that is not there leaves no text. Paths are JSONPath with
`.name`, `['name']` and `[0]`.
"""

import base64
import binascii
import copy
import urllib.parse
from collections.abc import Mapping
from typing import Any

from local_aws.api_gateway.selection import follow, read_json, read_path
from local_aws.api_gateway.velocity import Velocity
from local_aws.api_gateway.velocity_values import Budget, Functions, VelocityError, as_json, as_text

_JAVASCRIPT = {"'": "\\'", '"': '\\"', "\\": "\\\\", "/": "\\/"} | {
    character: f"\\{letter}" for character, letter in zip("\b\n\t\f\r", "bntfr", strict=True)
}


class MappingTemplate:
    """One template, compiled."""

    def __init__(self, text: str) -> None:
        """Compile a template.

        Raises:
            ValueError: It is not a template, or has a directive that is not available.

        """
        self._template = Velocity(text)

    def render(self, event: Mapping[str, Any], body: str) -> str:
        """Return the text for an event; `$input` is the body.

        Raises:
            ValueError: The template uses what is not known here, or does too much.

        """
        variables = {
            # A template can change them.
            "context": copy.deepcopy(event.get("requestContext")),
            "stageVariables": copy.deepcopy(event.get("stageVariables")),
            "input": _input(body),
            "util": Functions(_UTIL),
        }
        return self._template.render(variables, Budget())


def _input(body: str) -> Functions:
    try:
        document = read_json(body)
    except (ValueError, RecursionError):
        document = None

    def path(_: Budget, __: Functions, text: str) -> Any:
        return follow(document, read_path(text))

    def as_document(budget: Budget, this: Functions, text: str) -> str:
        found = path(budget, this, text)
        return '""' if found is None else as_json(found, budget)

    return Functions({"path": path, "json": as_document}, body=body)


def _escape_javascript(budget: Budget, _: Functions, value: Any) -> str:
    """Escape text as Apache Commons Lang's `escapeJavaScript` does, in UTF-16 units beyond ASCII."""
    text = as_text(value, budget)
    escaped = "".join(_JAVASCRIPT.get(each) or _escaped(each) for each in text)
    return budget.charge(escaped)


def _escaped(character: str) -> str:
    if " " <= character <= "~":
        return character
    units = character.encode("utf-16-be", "surrogatepass").hex().upper()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _parse_json(budget: Budget, _: Functions, text: str) -> Any:
    budget.charge(text)
    try:
        return read_json(text)
    except (ValueError, RecursionError) as exc:
        raise VelocityError(f"$util.parseJson: {exc}") from exc


def _base64_decode(budget: Budget, _: Functions, text: str) -> str:
    try:
        return budget.charge(base64.b64decode(text).decode("utf-8", "replace"))
    except binascii.Error as exc:
        raise VelocityError(f"$util.base64Decode: {exc}") from exc


_UTIL = {
    "escapeJavaScript": _escape_javascript,
    "parseJson": _parse_json,
    "urlEncode": lambda budget, _, value: budget.charge(urllib.parse.quote_plus(as_text(value, budget), safe="*")),
    "urlDecode": lambda budget, _, text: budget.charge(urllib.parse.unquote_plus(text)),
    "base64Encode": lambda budget, _, value: budget.charge(
        base64.b64encode(as_text(value, budget).encode()).decode("ascii")
    ),
    "base64Decode": _base64_decode,
}
