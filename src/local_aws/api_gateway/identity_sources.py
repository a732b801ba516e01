"""Identity sources: the values that a handshake must have before its authorizer is invoked.

A source has the form `route.request.header.NAME`, `route.request.querystring.NAME`, `stageVariables.NAME` or
`context.NAME`. Templates also use the form of HTTP APIs, which begins with `$` and omits `route`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from local_aws.api_gateway.events import Event

_SOURCE = re.compile(
    r"(?:(?:\$|route\.|\$route\.)request\.(?P<part>header|querystring)|\$?(?P<whole>stageVariables|context))\.(?P<name>.+)"
)


class IdentitySources:
    """The identity sources of one authorizer."""

    def __init__(self, sources: Iterable[str]) -> None:
        """Parse the sources.

        Raises:
            ValueError: A source has none of these forms.

        """
        self._sources = [_parse(source) for source in sources]

    def all_present(self, event: Event) -> bool:
        """Return whether each source has a value that is not empty in the event of an authorizer."""
        return all(_value(kind, name, event) not in (None, "") for kind, name in self._sources)


def _parse(source: str) -> tuple[str, str]:
    found = _SOURCE.fullmatch(source)
    if found is None:
        raise ValueError(f"not an identity source of a WebSocket API: {source!r}")
    return found["part"] or found["whole"], found["name"]


def _value(kind: str, name: str, event: Event) -> Any:
    if kind == "header":
        return {key.lower(): value for key, value in event["headers"].items()}.get(name.lower())
    if kind == "querystring":
        return event["queryStringParameters"].get(name)
    if kind == "stageVariables":
        return event["stageVariables"].get(name)
    return _context_value(name, event["requestContext"])


def _context_value(path: str, context: Any) -> Any:
    for step in path.split("."):
        if not isinstance(context, Mapping):
            return None
        context = context.get(step)
    return context
