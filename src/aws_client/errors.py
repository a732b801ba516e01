"""What can go wrong on a connection to AWS.

TransportError
├── ConnectionFailed     no connection was to be had, or the server says that it has not acted on the request
├── AnswerLost           the connection ended between the request and the answer
└── ResponseMalformed    what came is not an HTTP response
"""


class TransportError(Exception):
    """A request without an answer; whether the service has acted on it is unknown, unless the class says so."""


class ConnectionFailed(TransportError):
    """The request has reached no service: there was no connection for it, or the server says that it did nothing."""


class AnswerLost(TransportError):
    """The connection ended when the request had been sent; the service may have acted on it."""


class ResponseMalformed(TransportError):
    """What came is not an HTTP response, so nothing after it can be trusted either."""


def once_sent(error: TransportError) -> TransportError:
    """Return what the end of a connection means for a request that was under way on it."""
    return AnswerLost(str(error)) if isinstance(error, ConnectionFailed) else error
