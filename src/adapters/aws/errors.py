"""What can go wrong on a connection to AWS.

TransportError
├── ConnectionFailed     no connection, or it ended before the answer
└── ResponseMalformed    what came is not an HTTP response
"""


class TransportError(Exception):
    """A request without an answer; whether the service has acted on it is unknown."""


class ConnectionFailed(TransportError):
    """There was no connection to be had, or it ended before the answer."""


class ResponseMalformed(TransportError):
    """What came is not an HTTP/1.1 response, so nothing after it can be trusted either."""
