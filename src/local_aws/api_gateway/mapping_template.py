"""Mapping templates, as far as they are text with values put in.

Those values are `$context.NAME`, `$stageVariables.NAME`, `$input.body`, `$input.path('$.NAME')` and
`$input.json('$.NAME')`, in Developer Guide, "WebSocket API mapping template reference". Directives (`#set`, `#if`),
variables of the template's own and other functions are the Velocity language, which is not run here.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from local_aws.api_gateway.selection import read_json

_NAMES = r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*"
_PATH = rf"\(\s*['\"]\$(?P<path>(?:\.{_NAMES})?)['\"]\s*\)"
_REFERENCE = (
    rf"(?:input\.(?P<call>path|json){_PATH}|(?P<name>(?:context|stageVariables)\.{_NAMES}|input\.body)(?![\w(-]))"
)
_TOKEN = re.compile(rf"\$!?(?:\{{{_REFERENCE}\}}|{_REFERENCE.replace('P<', 'P<bare_')})")
_VELOCITY = re.compile(r"\$!?\{?[A-Za-z]|#\{?[A-Za-z]|##|#\*")


class MappingTemplate:
    """One template, compiled."""

    def __init__(self, text: str) -> None:
        """Compile a template.

        Raises:
            ValueError: It asks for more than values.

        """
        beyond = _VELOCITY.search(_TOKEN.sub("", text))
        if beyond is not None:
            raise ValueError(f"a mapping template computes, and only values can be put in here: {text!r}")
        self._text = text

    def render(self, event: Mapping[str, Any], body: str) -> str:
        """Return the text for an event, `$input` being the body."""
        return _TOKEN.sub(lambda token: _value(token, event, body), self._text)


def _value(token: re.Match[str], event: Mapping[str, Any], body: str) -> str:
    call, path, name = (token[part] or token[f"bare_{part}"] for part in ("call", "path", "name"))
    if call:
        return _input(body, [each for each in (path or "").split(".") if each], as_json=call == "json")
    root, *steps = name.split(".")
    if root == "input":
        return body
    found = _follow(event.get("requestContext" if root == "context" else root), steps)
    return "" if found is None else _text(found)


def _input(body: str, steps: list[str], *, as_json: bool) -> str:
    try:
        found = _follow(read_json(body), steps)
    except (ValueError, RecursionError):
        found = None
    if as_json:
        return json.dumps(found, ensure_ascii=False, separators=(",", ":")) if found is not None else '""'
    return "" if found is None else _text(found)


def _follow(value: Any, steps: list[str]) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
