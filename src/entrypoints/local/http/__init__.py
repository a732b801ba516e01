"""A small HTTP/1.1 server for loopback, and whom it answers."""

from entrypoints.local.http.listening import Listener
from entrypoints.local.http.messages import Request, Response, message_response, serialize
from entrypoints.local.http.protocol import Handler, HttpProtocol, Upgrade
from entrypoints.local.http.server import HttpServer, bound, serve
from entrypoints.local.http.visitors import Visitors

__all__ = [
    "Handler",
    "HttpProtocol",
    "HttpServer",
    "Listener",
    "Request",
    "Response",
    "Upgrade",
    "Visitors",
    "bound",
    "message_response",
    "serialize",
    "serve",
]
