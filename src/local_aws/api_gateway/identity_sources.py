"""What has to be in a handshake for its authorizer to be asked at all: pure.

A source is written `route.request.header.NAME`, `route.request.querystring.NAME`, `stageVariables.NAME` or
`context.NAME`; templates also begin them with `$`, as those of HTTP APIs do, and then leave out `route`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from local_aws.api_gateway.events import Event

_SOURCE = re.compile(
    r"(?:(?:\$|route\.|\$route\.)request\.(?P<part>header|querystring)|\$?(?P<whole>stageVariables|context))\.(?P<name>.+)"
)


class IdentitySources:
    """The sources of one authorizer."""

    def __init__(self, sources: Iterable[str]) -> None:
        """Read them.

        Raises:
            ValueError: One has none of the forms.

        """
        self._sources = [_parse(source) for source in sources]

    def all_present(self, event: Event) -> bool:
        """Tell whether each has a value, and not an empty one, in an authorizer's event."""
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
