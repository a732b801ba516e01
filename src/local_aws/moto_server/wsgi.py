"""Requests to moto, which is a WSGI application (PEP 3333), and its answers."""

import logging
from collections.abc import Callable, Iterable
from http.client import HTTPMessage
from io import BytesIO
from types import SimpleNamespace
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.exceptions import InternalServerError

from local_aws.http_server import Request, Response

Environ = dict[str, Any]
StartResponse = Callable[..., Callable[[bytes], object]]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_log = logging.getLogger("moto")


def environ(request: Request, *, port: int) -> Environ:
    """Return a request in WSGI's words, with what moto and werkzeug have of their own among them."""
    return _Handler(request, port).make_environ()


def answer(application: Application, environ: Environ) -> Response:
    """Return what the application answers; 500 where it fails, which is logged."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], object]:
        started.append((status, headers))
        return lambda _data: None

    try:
        chunks = application(environ, start_response)
    except Exception:  # noqa: BLE001 - whatever moto trips over is one request's failure
        _log.exception("%s %s failed", environ["REQUEST_METHOD"], environ["PATH_INFO"])
        chunks = InternalServerError()(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    status, headers = started[-1]
    return Response(status=int(status.split(" ", 1)[0]), body=body, headers=tuple(headers))


class _Handler(MotoRequestHandler):
    """Moto's way from a request to WSGI's words, for a request that was read elsewhere."""

    def __init__(self, request: Request, port: int) -> None:
        # Not the base class's, which would read from a socket.
        self.server = SimpleNamespace(  # type: ignore[assignment]
            ssl_context=None, multithread=True, multiprocess=False, server_address=("127.0.0.1", port)
        )
        self.client_address = request.peer
        self.command = request.method
        self.path = request.target
        self.request_version = "HTTP/1.1"
        self.rfile = BytesIO(request.body)
        self.connection = None
        self.headers = HTTPMessage()
        for name, value in request.headers:
            # The body is whole and no longer in chunks.
            if name.lower() not in {"transfer-encoding", "content-length"}:
                self.headers[name] = value
        self.headers["Content-Length"] = str(len(request.body))
