"""The events of routes, and the responses to them, as a Lambda proxy integration has them.

Source: API Gateway developer guide, "Set up a WebSocket API integration request" (Lambda proxy integration).
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from chat_core import Budget, ChatError, Rejected, TooManyRequests

Event = Mapping[str, Any]
Response = dict[str, Any]

RESERVED_SECONDS = 1.0
"""Kept of the function's time after the deadline of deliveries, for what use cases still do then, and for the log."""


class LambdaContext(Protocol):
    """The part of Lambda's context object that is used here."""

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the function may still run."""


def connection_id(event: Event) -> str:
    """Return the connection that the event is about."""
    return str(event["requestContext"]["connectionId"])


def header_values(event: Event, name: str) -> Iterator[str]:
    """Yield every value of a header of the handshake: a client may repeat one (RFC 6455, section 11.3.4)."""
    for key, values in (event.get("multiValueHeaders") or {}).items():
        if key.lower() == name.lower():
            yield from values


def query_parameter(event: Event, name: str) -> str | None:
    """Return a parameter of the handshake's query string, or None if it is missing."""
    return (event.get("queryStringParameters") or {}).get(name)


def user(event: Event) -> str:
    """Return the user that an authorizer has named, or an empty text if none was asked."""
    return str((event["requestContext"].get("authorizer") or {}).get("principalId") or "")


def budget(context: LambdaContext) -> Budget:
    """Return how much of the function's time its use case has.

    Members that were read before `yield_at` are still to be delivered to: a third of the function's time is kept for
    that.
    """
    now, left = time.monotonic(), context.get_remaining_time_in_millis() / 1000
    return Budget(deadline=now + left - RESERVED_SECONDS, yield_at=now + left * 2 / 3)


def log_record(event: Event, **more: Any) -> dict[str, Any]:
    """Return a record for the log: the connection and the route of the event, and `more`.

    Lambda's JSON format takes it as it is and adds the request's id. Nothing that a client sent goes in: neither data
    nor query string.
    """
    context = event["requestContext"]
    return {"connectionId": context["connectionId"], "route": context["routeKey"], **more}


def log_cause(fault: ChatError) -> BaseException | None:
    """Return the exception behind a fault, for the log's stack trace, or None if the client is at fault."""
    return None if isinstance(fault, Rejected) else fault.__cause__


def response(fault: ChatError | None = None, *, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response for API Gateway. A client sees its status at a handshake, and never afterwards."""
    return {"statusCode": _status(fault)} | ({"headers": dict(headers)} if headers else {})


def _status(fault: ChatError | None) -> int:
    match fault:
        case None:
            return 200
        case Rejected():
            return 400
        case TooManyRequests():
            return 429
        case _:
            return 503
