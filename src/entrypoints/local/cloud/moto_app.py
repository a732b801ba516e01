"""moto behind an HTTP server that keeps connections open."""

import json
import logging
import socket
import threading
import warnings
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from io import BytesIO
from typing import IO, Any, cast

from moto.cloudformation.parsing import get_model_map
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.exceptions import InternalServerError
from werkzeug.serving import DechunkedInput, make_server

from entrypoints.local.cloud import moto_extensions, moto_iam
from entrypoints.local.cloud.access import ENFORCE_PATH, ROLES_PATH
from entrypoints.local.cloud.moto_guard import Guard, changes_roles

RESOURCE_TYPES_PATH = "/local/resource-types"
"""GET answers with the resource types that CloudFormation can create here, as a JSON array."""

_log = logging.getLogger("moto")
_StartResponse = Callable[..., Callable[[bytes], object]]


def serve(listener: socket.socket) -> None:
    """Answer requests to the listening socket for as long as the process lives."""
    # Each resource type that moto does not know is told to the person in our own words.
    warnings.simplefilter("ignore")
    logging.basicConfig(level=logging.ERROR, format="embedded cloud: %(message)s")
    _print_alone(logging.getLogger("permissions"))
    moto_extensions.install()
    host, port = listener.getsockname()
    make_server(
        host, port, _Application(), threaded=True, request_handler=_RequestHandler, fd=listener.fileno()
    ).serve_forever()


def _print_alone(logger: logging.Logger) -> None:
    """Have a logger's lines printed as they are: they are about the stack's functions, not about the cloud."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(handler)
    logger.propagate = False


class _Application:
    """moto, what stands before it, and the questions that AWS has no API for."""

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._dynamodb = threading.Lock()
        self._guard = Guard()

    def __call__(self, environ: dict[str, Any], start_response: _StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] in (RESOURCE_TYPES_PATH, ROLES_PATH, ENFORCE_PATH):
            return self._local(environ, start_response)
        if self._guard.knows(environ):
            # What is read here has to be there for moto as well.
            body = environ["wsgi.input"].read()
            environ["wsgi.input"] = BytesIO(body)
            guarded = self._guard.answer(environ, body)
            if guarded is not None:
                start_response(guarded.status, guarded.headers)
                return [guarded.body]
        # moto's tables are plain dictionaries: a query fails where another request writes meanwhile, and a transaction
        # that is undone takes with it what others wrote. No request of DynamoDB's waits for another, so one at a time
        # costs nothing that the interpreter's own lock would not.
        in_turn = environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB_")
        has_news = changes_roles(environ)
        with self._dynamodb if in_turn else nullcontext():
            answer: Iterable[bytes] = self._moto(environ, start_response)
        if has_news:
            # For `EmbeddedCloud`, which reads each line after the port as this.
            print("roles changed", flush=True)
        return answer

    def _local(self, environ: dict[str, Any], start_response: _StartResponse) -> Iterable[bytes]:
        answer: object = None
        if environ["PATH_INFO"] == ENFORCE_PATH:
            self._guard.learn(json.load(environ["wsgi.input"]))
        else:
            answer = sorted(get_model_map()) if environ["PATH_INFO"] == RESOURCE_TYPES_PATH else moto_iam.roles()
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]


class _RequestHandler(MotoRequestHandler):
    """Keeps connections open, which werkzeug's own handler never does: it then waits 10 ms for more on each of them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        environ["wsgi.input"] = BytesIO(self._body())
        status, headers, body = self._answer(environ)
        self.send_response(int(status.split(" ", 1)[0]))
        for name, value in headers:
            self.send_header(name, value)
        may_have_body = self.command != "HEAD" and not status.startswith(("204", "304"))
        if may_have_body and not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if may_have_body:
            self.wfile.write(body)

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return DechunkedInput(cast("IO[bytes]", self.rfile)).readall()
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[..., object]:
            started.append((status, headers))
            return lambda _data: None

        try:
            chunks = self.server.app(environ, start_response)
        except Exception:  # noqa: BLE001 - whatever moto trips over is one request's failure
            _log.exception("%s %s failed", self.command, self.path)
            chunks = InternalServerError()(environ, start_response)
        try:
            body = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        status, headers = started[-1]
        return status, headers, body

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: every request would be a line."""
