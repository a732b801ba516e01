"""moto behind the HTTP server of the emulator."""

import asyncio
import json
import logging
import os
import secrets
import socket
import warnings
from collections.abc import Awaitable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO

from moto.cloudformation.parsing import get_model_map
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local_aws.embedded_aws import private_api
from local_aws.http_server import HttpProtocol, Listener, Request, Response, Visitors, message_response
from local_aws.moto_server import extensions, iam, wsgi
from local_aws.moto_server.permission_middleware import PermissionMiddleware, changes_roles
from local_aws.moto_server.wsgi import Environ, StartResponse

_MOTOS_OWN = "/moto-api"
_SECRET_VARIABLE = "HTTP_" + private_api.SECRET_HEADER.upper().replace("-", "_")
_NO_PAGES = message_response(403, "The embedded AWS answers no web page; --allow-aws-origin lets one in")

MAX_BODY = 1 << 30
"""Bytes. Objects of S3 are sent in one request."""
WAITING_AT_ONCE = 128
"""The most requests that may wait at once, for example for messages of a queue."""


def serve(listener: socket.socket, *, secret: str, origins: Sequence[str], changes: int) -> None:
    """Answer requests to the listening socket for as long as the process lives.

    Args:
        listener: the socket.
        secret: required in requests to the private paths.
        origins: the origins of web pages that may use the embedded AWS.
        changes: the file descriptor of a pipe; a byte is written into it after each change of a role.

    """
    # The notices of the emulator name the resource types that moto does not know.
    warnings.simplefilter("ignore")
    logging.basicConfig(level=logging.ERROR, format="embedded AWS: %(message)s")
    logging.getLogger("local_aws").setLevel(logging.WARNING)
    _print_alone(logging.getLogger("permissions"))
    extensions.install()
    asyncio.run(_serve(listener, _Application(secret, changes=changes), Visitors.of(origins=origins)))


async def _serve(listener: socket.socket, application: "_Application", visitors: Visitors) -> None:
    server = _Server(application, port=listener.getsockname()[1], visitors=visitors)
    connections: set[HttpProtocol] = set()

    def protocol() -> HttpProtocol:
        return HttpProtocol(server.answer, connections=connections, max_body=MAX_BODY)

    Listener(listener, protocol)
    await asyncio.Event().wait()


def _print_alone(logger: logging.Logger) -> None:
    """Print the lines of a logger without prefix: they are about the stack's functions, not about the embedded AWS."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(handler)
    logger.propagate = False


class _Server:
    """Answers DynamoDB's requests one at a time, and any other in a thread.

    moto's tables are plain dictionaries: a query fails if another request writes meanwhile, and a transaction that is
    rolled back undoes the writes of others too. None of these requests waits for anything, and threads would take half
    as long again for them (measured).
    """

    def __init__(self, application: "_Application", *, port: int, visitors: Visitors) -> None:
        self._application = application
        self._port = port
        self._visitors = visitors
        self._threads = ThreadPoolExecutor(WAITING_AT_ONCE)

    def answer(self, request: Request) -> Response | Awaitable[Response]:
        if not self._visitors.takes_program(request):
            return _NO_PAGES
        origin = request.header("Origin")
        return self._moto(request) if origin is None else self._to_a_page(request, origin)

    async def _to_a_page(self, request: Request, origin: str) -> Response:
        """Answer an allowed page, and let it read the response (Fetch standard, "CORS protocol")."""
        allow = (("Access-Control-Allow-Origin", origin), ("Vary", "Origin"))
        if request.method == "OPTIONS" and request.header("Access-Control-Request-Method"):
            wanted = request.header("Access-Control-Request-Headers") or ""
            methods = ("Access-Control-Allow-Methods", request.header("Access-Control-Request-Method") or "")
            return Response(status=204, headers=(*allow, methods, ("Access-Control-Allow-Headers", wanted)))
        answer = self._moto(request)
        answered = answer if isinstance(answer, Response) else await answer
        return replace(answered, headers=(*answered.headers, *allow, ("Access-Control-Expose-Headers", "*")))

    def _moto(self, request: Request) -> Response | Awaitable[Response]:
        environ = wsgi.environ(request, port=self._port)
        if self._application.answers_at_once(environ):
            return wsgi.answer(self._application, environ)
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._threads, wsgi.answer, self._application, environ)


class _Application:
    """moto, the permission check in front of it, and the private paths."""

    def __init__(self, secret: str, *, changes: int) -> None:
        self._secret = secret
        self._changes = changes
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._permissions = PermissionMiddleware(iam.roles)

    def answers_at_once(self, environ: Environ) -> bool:
        """Return whether moto answers the request, and it is one to DynamoDB."""
        return environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB_") and not self._permissions.forwards(environ)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path in private_api.PATHS:
            return self._private(path, environ, start_response)
        if path.startswith(_MOTOS_OWN) or path == "/favicon.ico":
            # moto's own paths reset everything, and record requests into a file.
            start_response("404 Not Found", [])
            return [b""]
        if self._permissions.knows(environ):
            # The body that is read here has to be readable for moto as well.
            body = environ["wsgi.input"].read()
            environ["wsgi.input"] = BytesIO(body)
            answered = self._permissions.answer(environ, body)
            if answered is not None:
                start_response(answered.status, answered.headers)
                return [answered.body]
        may_change_roles = changes_roles(environ)
        answer: Iterable[bytes] = self._moto(environ, start_response)
        if may_change_roles and self._permissions.judges:
            self._permissions.read_roles()
            os.write(self._changes, b".")
        return answer

    def _private(self, path: str, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        told = environ.get(_SECRET_VARIABLE, "")
        if not secrets.compare_digest(told.encode(), self._secret.encode()):
            start_response("403 Forbidden", [])
            return [b""]
        answer: object = None
        if path == private_api.ENFORCE_PATH:
            self._permissions.learn(json.load(environ["wsgi.input"]))
        else:
            answer = sorted(get_model_map()) if path == private_api.RESOURCE_TYPES_PATH else iam.roles()
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]
