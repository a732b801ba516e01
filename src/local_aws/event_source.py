"""Where the event of a function comes from, as far as the event itself says."""

import json
from typing import NamedTuple


class EventSource(NamedTuple):
    """A route, or an authorizer's handshake, and the connection that is concerned."""

    route_key: str
    connection_id: str

    def __str__(self) -> str:
        return f"route {self.route_key}, connection {self.connection_id}"


def read_event_source(event: bytes) -> EventSource | None:
    """Return the origin of an event; None where it is no event of a WebSocket API."""
    try:
        document = json.loads(event)
    except (ValueError, RecursionError):
        return None
    context = document.get("requestContext") if isinstance(document, dict) else None
    if not isinstance(context, dict) or not {"routeKey", "connectionId"} <= context.keys():
        return None
    return EventSource(str(context["routeKey"]), str(context["connectionId"]))
