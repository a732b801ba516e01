"""What can go wrong on a connection to AWS.

TransportError
├── ConnectionFailed     there was no connection, or the server reports that it has not acted on the request
├── AnswerLost           the connection ended between the request and the answer
└── ResponseMalformed    the server sent something that is not an HTTP response
"""


class TransportError(Exception):
    """A request has no answer. Unless a subclass says so, it is unknown whether the service acted on the request."""


class ConnectionFailed(TransportError):
    """The service has not acted on the request: there was no connection, or the server reports that it did nothing."""


class AnswerLost(TransportError):
    """The connection ended after the request was sent; the service may have acted on it."""


class ResponseMalformed(TransportError):
    """The server sent something that is not an HTTP response; nothing after it can be trusted either."""


def once_sent(error: TransportError) -> TransportError:
    """Return the error for a request that was under way when its connection ended with this error."""
    return AnswerLost(str(error)) if isinstance(error, ConnectionFailed) else error
