"""The error frames that clients receive, byte for byte as AWS sends them."""

import json

UNAUTHORIZED = "Unauthorized"
FORBIDDEN = "Forbidden"
TOO_MANY_REQUESTS = "Too Many Requests"
INTERNAL_SERVER_ERROR = "Internal server error"
ENDPOINT_TIMED_OUT = "Endpoint request timed out"
BAD_REQUEST_BODY = "Bad request body"


def error_document(message: str, *, connection_id: str, request_id: str) -> bytes:
    """Return an error frame. All have this layout; the uneven spacing is that of captured frames.

    `{"message": "Forbidden", "connectionId":"DBNjmfOmSwMCJiA=", "requestId":"DBNlXFDjSwMF3FA="}`
    """
    parts = f'{{"message": {json.dumps(message)}, "connectionId":{json.dumps(connection_id)}, '
    return f'{parts}"requestId":{json.dumps(request_id)}}}'.encode()


def invalid_document(*, connection_id: str, message_id: str) -> bytes:
    """Return the frame for a message that does not match its route's model, in the layout of the Developer Guide.

    `{"message" : "Bad request body", "connectionId": "DBNjmfOmSwMCJiA=", "messageId": "DBNlXFDjSwMF3FA="}`
    """
    parts = f'{{"message" : {json.dumps(BAD_REQUEST_BODY)}, "connectionId": {json.dumps(connection_id)}, '
    return f'{parts}"messageId": {json.dumps(message_id)}}}'.encode()
