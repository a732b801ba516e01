"""Converts requests and responses for moto, which is a WSGI application (PEP 3333)."""

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
    """Return the WSGI environment of a request, with the additions of moto and werkzeug."""
    return _Handler(request, port).make_environ()


def answer(application: Application, environ: Environ) -> Response:
    """Return the response of the application; if it raises, log that and return 500."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], object]:
        started.append((status, headers))
        return lambda _data: None

    try:
        chunks = application(environ, start_response)
    except Exception:  # noqa: BLE001 - any error of moto is the failure of one request
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
    """Moto's conversion of a request to WSGI, for a request that was read elsewhere."""

    def __init__(self, request: Request, port: int) -> None:
        # Not the base class's method, which would read from a socket.
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
            # The body is complete, and no longer chunked.
            if name.lower() not in {"transfer-encoding", "content-length"}:
                self.headers[name] = value
        self.headers["Content-Length"] = str(len(request.body))
