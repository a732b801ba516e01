"""The opening handshake on the wire: RFC 6455, section 4.2, and the checks of API Gateway before any function runs.

This module writes the response itself instead of the WebSocket library: the response waits for the `$connect` function,
never accepts an extension, and names a subprotocol only if that function did.
"""

import base64
import binascii
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import unquote

from websockets.utils import accept_key

from local_aws.api_gateway.answers import FORBIDDEN, error_document
from local_aws.http_server import Request, Response, message_response

MAX_URL = 4096
"""Characters (API Gateway quotas, WebSocket table)."""
_JSON = (("Content-Type", "application/json"),)
# RFC 9110, sections 15.5.22 and 7.8, require both headers.
_UPGRADE_REQUIRED = message_response(426, "Upgrade Required", ("Upgrade", "websocket"), ("Connection", "Upgrade"))


def url_refusal(request: Request) -> Response | None:
    """Return the response to a request with a URL that is too long, else None."""
    return message_response(414, "Request URI too long") if len(request.target) > MAX_URL else None


def refusal(request: Request, *, stage: str) -> Response | None:
    """Return the error response to a handshake that is malformed or not for this stage; None if it is valid."""
    if unquote(request.path) not in (f"/{stage}", f"/{stage}/"):
        return message_response(403, FORBIDDEN)
    if request.method != "GET":
        return message_response(400, "A WebSocket handshake is a GET request")
    keys = [value for name, value in request.headers if name.lower() == "sec-websocket-key"]
    if len(keys) != 1 or not _is_key(keys[0]):
        return message_response(400, "Sec-WebSocket-Key is missing or malformed")
    if request.header("Sec-WebSocket-Version") != "13":
        return message_response(400, "Sec-WebSocket-Version is not 13", ("Sec-WebSocket-Version", "13"))
    return None


def plain_answer(request: Request, *, stage: str) -> Response:
    """Return the response to a request that is neither a handshake nor for the management API."""
    segments = unquote(request.path).split("/", 2)
    return _UPGRADE_REQUIRED if segments[1:2] == [stage] else message_response(403, FORBIDDEN)


def acceptance(request: Request, headers: Mapping[str, str]) -> bytes:
    """Return the 101 response; `headers` are those of the `$connect` function, with names in lower case."""
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept_key(request.header('Sec-WebSocket-Key') or '')}",
    ]
    if subprotocol := headers.get("sec-websocket-protocol"):
        lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def rejection(status: int, *, connection_id: str, request_id: str, message: str = "") -> Response:
    """Return the response to a handshake that was rejected; `message` defaults to the phrase of the status."""
    body = error_document(message or _phrase(status), connection_id=connection_id, request_id=request_id)
    return Response(status=status, body=body, headers=_JSON)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _is_key(value: str) -> bool:
    """Return whether a text is 16 bytes in base64 (RFC 6455, section 4.1)."""
    try:
        return len(base64.b64decode(value.strip(), validate=True)) == 16
    except (binascii.Error, ValueError):
        return False
