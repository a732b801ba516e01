"""The @connections API: post to a connection, describe it, close it.

SDKs choose the exception by the header `x-amzn-ErrorType`: without it, code that catches `GoneException` would not
catch a 410.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import unquote

from local_aws.api_gateway.answers import FORBIDDEN, TOO_MANY_REQUESTS, error_document
from local_aws.api_gateway.callers import AccessDenied, Callers
from local_aws.api_gateway.connection import CLOSED_NORMALLY, MAX_MESSAGE, Connection
from local_aws.api_gateway.ids import is_id, new_id
from local_aws.api_gateway.throttling import AccountThrottle
from local_aws.config import ApiConfig
from local_aws.http_server import Request, Response, Visitors, message_response

_POSTED = Response(status=200)
_DELETED = Response(status=204)
_GONE = Response(status=410, headers=(("x-amzn-ErrorType", "GoneException"),))
_METHODS = ("POST", "GET", "DELETE")
_ACTION = "execute-api:ManageConnections"
_JSON = ("Content-Type", "application/json")


def _error(status: int, kind: str, message: str) -> Response:
    return message_response(status, message, ("x-amzn-ErrorType", kind))


_WRONG_STAGE = _error(403, "ForbiddenException", FORBIDDEN)
_UNKNOWN = _error(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
TOO_LARGE = _error(413, "PayloadTooLargeException", "Request Entity Too Large")
_NO_PAGES = _error(403, "ForbiddenException", "Web pages may not use this API; --allow-aws-origin allows an origin")
_NOT_UTF8 = _error(400, "BadRequestException", "The data is not UTF-8, and only text can be sent to clients")
_THROTTLED = _error(429, "LimitExceededException", TOO_MANY_REQUESTS)
_SLOW = _error(429, "LimitExceededException", "The client reads too slowly")


class ConnectionsApi:
    """Answers the management requests of one stage. It reads the table of open connections and never changes it."""

    def __init__(
        self,
        *,
        api: ApiConfig,
        connections: Mapping[str, Connection],
        callers: Callers,
        account: AccountThrottle,
        log: Callable[[str], None],
        pages: Visitors,
    ) -> None:
        self._stage = api.stage
        self._connections = connections
        self._callers = callers
        self._account = account
        self._log = log
        self._pages = pages
        self._resources = {method: api.arn(f"{api.stage}/{method}/@connections/*") for method in _METHODS}

    def answer(self, request: Request) -> Response | None:
        """Return the response to a request; None if its path does not belong to this API."""
        segments = _segments(request.path)
        if "@connections" not in segments[1:3]:
            return None
        if segments[1] != self._stage:
            return _WRONG_STAGE
        if not self._pages.takes_program(request):
            return _NO_PAGES
        resource = self._resources.get(request.method)
        if resource is None or len(segments) < 4:
            return _UNKNOWN
        try:
            self._callers.check(request, action=_ACTION, resource=resource)
        except AccessDenied as exc:
            return _error(403, exc.kind, exc.message)
        return self._on_connection(request, segments[3]) if self._account.admits_request() else _THROTTLED

    def _on_connection(self, request: Request, connection_id: str) -> Response:
        if not is_id(connection_id):
            return _malformed(connection_id)
        if len(request.body) > MAX_MESSAGE:
            return TOO_LARGE
        connection = self._connections.get(connection_id)
        if connection is None or not connection.is_open:
            return _GONE
        if request.method == "POST":
            return self._post(connection, request.body)
        if request.method == "GET":
            return _describe(connection)
        connection.close(CLOSED_NORMALLY)
        return _DELETED

    def _post(self, connection: Connection, payload: bytes) -> Response:
        try:
            payload.decode()
        except UnicodeDecodeError:
            self._log(f"@connections {connection.client.connection_id}: refused data that is not UTF-8")
            return _NOT_UTF8
        return _POSTED if connection.send(payload) else _SLOW


@lru_cache(maxsize=4096)
def _segments(path: str) -> list[str]:
    """Return the first three segments of a path and the rest, decoded; cached, since each message repeats its path."""
    return [unquote(each) for each in path.split("/", 3)]


def _malformed(connection_id: str) -> Response:
    message = f"Invalid connectionId: {connection_id}"
    body = error_document(message, connection_id=connection_id, request_id=new_id())
    return Response(status=400, body=body, headers=(_JSON, ("x-amzn-ErrorType", "BadRequestException")))


def _describe(connection: Connection) -> Response:
    client = connection.client
    document = {
        "connectedAt": _iso8601(client.connected_at),
        "identity": {"sourceIp": client.source_ip, **({"userAgent": client.user_agent} if client.user_agent else {})},
        "lastActiveAt": _iso8601(int(connection.last_active * 1000)),
    }
    return Response(status=200, body=json.dumps(document, separators=(",", ":")).encode(), headers=(_JSON,))


def _iso8601(epoch_ms: int) -> str:
    """Format a time as `2020-04-30T20:10:33.236Z`."""
    moment = datetime.fromtimestamp(epoch_ms / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{epoch_ms % 1000:03}Z"
