"""The source of a function's event, read from the event."""

import json
from typing import NamedTuple


class EventSource(NamedTuple):
    """The route of an event, `$connect` for an authorizer, and its connection."""

    route_key: str
    connection_id: str

    def __str__(self) -> str:
        return f"route {self.route_key}, connection {self.connection_id}"


def read_event_source(event: bytes) -> EventSource | None:
    """Return the source of an event; None if it is not an event of a WebSocket API."""
    try:
        document = json.loads(event)
    except (ValueError, RecursionError):
        return None
    context = document.get("requestContext") if isinstance(document, dict) else None
    if not isinstance(context, dict) or not {"routeKey", "connectionId"} <= context.keys():
        return None
    return EventSource(str(context["routeKey"]), str(context["connectionId"]))
