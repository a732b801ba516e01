"""A small HTTP/1.1 server for loopback, with access rules for hosts and web pages."""

from local_aws.http_server.listening import Listener
from local_aws.http_server.messages import Request, Response, message_response, serialize
from local_aws.http_server.protocol import Handler, HttpProtocol, Upgrade
from local_aws.http_server.server import HttpServer, serve
from local_aws.http_server.visitors import NOBODY_ELSE, Visitors

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
