"""Route selection expressions, compiled once for an API and evaluated for every message.

An expression is text with variables: `$request.body.action`, `${request.body.service}/${request.body.action}`, or
`static`; a backslash escapes the `$` after it. A variable is `request.body` and a JSONPath of `.name`, `['name']`
and `[0]`.
"""

import json
import re
from collections.abc import Container
from typing import Any

DEFAULT = "$default"
_RESERVED = frozenset({"$connect", "$disconnect"})

_STEP = r"""\.[^.\[\]{}$/\\'"\s]+|\['[^']*'\]|\["[^"]*"\]|\[\d+\]"""
_TOKEN = re.compile(
    rf"""\\(?P<escaped>.)
    |\$\{{(?P<braced>[^}}]*)\}}
    |\$(?P<bare>request\.body(?:{_STEP})*)
    |(?P<text>[^\\$]+)""",
    re.VERBOSE | re.DOTALL,
)
_VARIABLE = re.compile(rf"request\.body((?:{_STEP})*)")

_Path = tuple[str | int, ...]


class RouteSelector:
    """Evaluates one API's `RouteSelectionExpression`."""

    def __init__(self, expression: str, routes: Container[str]) -> None:
        """Compile an expression.

        Raises:
            ValueError: It is not valid, or uses JSONPath beyond these forms.

        """
        self._parts = _compile(expression)
        self._routes = routes
        self._static = not any(isinstance(part, tuple) for part in self._parts)

    def route_key(self, body: str) -> str | None:
        """Return the key of the route for a message: an exact match, else `$default`; None if the API has neither.

        A message cannot select `$connect` or `$disconnect`.
        """
        key = self._evaluate(body)
        if key is not None and key not in _RESERVED and key in self._routes:
            return key
        return DEFAULT if DEFAULT in self._routes else None

    def _evaluate(self, body: str) -> str | None:
        """Return the value of the expression; None if the message is not JSON."""
        try:
            document = None if self._static else read_json(body)
            return "".join(part if isinstance(part, str) else _text(_find(document, part)) for part in self._parts)
        except (ValueError, RecursionError):
            return None


def _compile(expression: str) -> tuple[str | _Path, ...]:
    parts: list[str | _Path] = []
    at = 0
    while at < len(expression):
        token = _TOKEN.match(expression, at)
        if token is None:
            raise ValueError(f"not a route selection expression: {expression!r}")
        variable = token["braced"] if token["braced"] is not None else token["bare"]
        literal = token["escaped"] or token["text"]
        parts.append(literal if variable is None else _path(variable, expression))
        at = token.end()
    return tuple(parts)


def _path(variable: str, expression: str) -> _Path:
    found = _VARIABLE.fullmatch(variable)
    if found is None:
        raise ValueError(f"{variable!r} is not a variable of a route selection expression: {expression!r}")
    return tuple(_step(step) for step in re.findall(_STEP, found[1]))


def _step(step: str) -> str | int:
    if step.startswith("."):
        return step[1:]
    inner = step[1:-1]
    return int(inner) if inner.isdigit() else inner[1:-1]


def _find(document: Any, path: _Path) -> Any:
    """Follow a path; return None if the message is not a JSON object, or has no such value."""
    return follow(document, path) if isinstance(document, dict) else None


def read_path(text: str) -> _Path:
    """Return the steps of a JSONPath such as `$.a['b'][0]`.

    Raises:
        ValueError: It uses more of JSONPath than `.name`, `['name']` and `[0]`.

    """
    if re.fullmatch(rf"\$(?:{_STEP})*", text) is None:
        raise ValueError(f"a path that is not known here: {text!r}")
    return tuple(_step(step) for step in re.findall(_STEP, text))


def follow(document: Any, path: _Path) -> Any:
    """Return the value at a path of a document; None if there is none."""
    for step in path:
        if isinstance(step, str) and isinstance(document, dict):
            document = document.get(step)
        elif isinstance(step, int) and isinstance(document, list) and step < len(document):
            document = document[step]
        else:
            return None
    return document


def _text(value: Any) -> str:
    """Format a value as Java does: the documentation's example of a list is `[item1, item2]`."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"[{', '.join(_text(each) for each in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}={_text(each)}' for key, each in value.items())}}}"
    return json.dumps(value)


def read_json(body: str) -> Any:
    """Parse the JSON document of a message.

    Raises:
        ValueError: It is not JSON.
        RecursionError: It is nested too deeply.

    """
    return json.loads(body, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> Any:
    """Reject NaN and the infinities, which Python accepts although JSON (RFC 8259) does not have them."""
    raise ValueError(name)
