"""What clients are told when something goes wrong, in the bytes that AWS uses."""

import json

UNAUTHORIZED = "Unauthorized"
FORBIDDEN = "Forbidden"
TOO_MANY_REQUESTS = "Too Many Requests"
INTERNAL_SERVER_ERROR = "Internal server error"
ENDPOINT_TIMED_OUT = "Endpoint request timed out"
BAD_REQUEST_BODY = "Bad request body"


def error_document(message: str, *, connection_id: str, request_id: str) -> bytes:
    """Return the one layout of error frames, whose uneven spacing is that of captured ones.

    `{"message": "Forbidden", "connectionId":"DBNjmfOmSwMCJiA=", "requestId":"DBNlXFDjSwMF3FA="}`
    """
    parts = f'{{"message": {json.dumps(message)}, "connectionId":{json.dumps(connection_id)}, '
    return f'{parts}"requestId":{json.dumps(request_id)}}}'.encode()


def invalid_document(*, connection_id: str, message_id: str) -> bytes:
    """Return the frame for a message that its route's model refuses, in the layout that the Developer Guide prints.

    `{"message" : "Bad request body", "connectionId": "DBNjmfOmSwMCJiA=", "messageId": "DBNlXFDjSwMF3FA="}`
    """
    parts = f'{{"message" : {json.dumps(BAD_REQUEST_BODY)}, "connectionId": {json.dumps(connection_id)}, '
    return f'{parts}"messageId": {json.dumps(message_id)}}}'.encode()
