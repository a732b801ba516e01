"""A small HTTP/1.1 server for loopback, and whom it answers."""

from entrypoints.local.http.listening import Listener
from entrypoints.local.http.messages import Request, Response, message_response, serialize
from entrypoints.local.http.protocol import Handler, HttpProtocol, Upgrade
from entrypoints.local.http.server import HttpServer, serve
from entrypoints.local.http.visitors import NOBODY_ELSE, Visitors

__all__ = [
    "NOBODY_ELSE",
    "Handler",
    "HttpProtocol",
    "HttpServer",
    "Listener",
    "Request",
    "Response",
    "Upgrade",
    "Visitors",
    "message_response",
    "serialize",
    "serve",
]
