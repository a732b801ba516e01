"""The two ends of a Lambda proxy integration: what a route's event says, and what its function answers.

Source: API Gateway developer guide, "Set up a WebSocket API integration request" (Lambda proxy integration).
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from chat_core import ChatError, Rejected, TooManyRequests

Event = Mapping[str, Any]
Answer = dict[str, Any]

ANSWERING_SECONDS = 1.0
"""What is kept of the function's time after the last delivery: for what use cases still do then, and for the log."""


class LambdaContext(Protocol):
    """The part of the object that Lambda hands to a handler which is used here."""

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
    """Return a parameter of the handshake's query string."""
    return (event.get("queryStringParameters") or {}).get(name)


def deadline(context: LambdaContext) -> float:
    """Return when to give deliveries up, and a handshake, on the scale of `time.monotonic()`."""
    return time.monotonic() + context.get_remaining_time_in_millis() / 1000 - ANSWERING_SECONDS


def hand_on_time(context: LambdaContext) -> float:
    """Return when to leave the rest of a large room to a worker, on the scale of `time.monotonic()`.

    What has been read by then is still to be delivered: a third of the function's time is kept for that.
    """
    return time.monotonic() + context.get_remaining_time_in_millis() / 1000 * 2 / 3


def about(event: Event, **more: Any) -> dict[str, Any]:
    """Return a record for the log: which connection and route it is about, and what is to be said of it.

    Lambda's JSON format takes it as it is, with the request's id. Never what a client sent: neither data nor query.
    """
    context = event["requestContext"]
    return {"connectionId": context["connectionId"], "route": context["routeKey"], **more}


def cause(fault: ChatError) -> BaseException | None:
    """Return what is behind a fault, for the log's stack trace: nothing where the client is to blame for it."""
    return None if isinstance(fault, Rejected) else fault.__cause__


def answer(fault: ChatError | None = None, *, headers: Mapping[str, str] | None = None) -> Answer:
    """Return what API Gateway takes for an answer; on a handshake the client sees its status, otherwise nobody does."""
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
