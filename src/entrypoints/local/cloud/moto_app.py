"""moto behind the HTTP server of the local stack."""

import asyncio
import json
import logging
import socket
import warnings
from collections.abc import Awaitable, Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

from moto.cloudformation.parsing import get_model_map
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from entrypoints.local.cloud import moto_extensions, moto_iam, moto_wsgi
from entrypoints.local.cloud.access import ENFORCE_PATH, ROLES_PATH
from entrypoints.local.cloud.moto_guard import Guard, changes_roles
from entrypoints.local.cloud.moto_wsgi import Environ, StartResponse
from entrypoints.local.http import HttpProtocol, Request, Response

RESOURCE_TYPES_PATH = "/local/resource-types"
"""GET answers with the resource types that CloudFormation can create here, as a JSON array."""

MAX_BODY = 1 << 30
"""Bytes: objects of S3 come whole."""
WAITING_AT_ONCE = 128
"""Requests that may wait for something at a time, as those do that wait for messages of a queue."""


def serve(listener: socket.socket) -> None:
    """Answer requests to the listening socket for as long as the process lives."""
    # Each resource type that moto does not know is told to the person in our own words.
    warnings.simplefilter("ignore")
    logging.basicConfig(level=logging.ERROR, format="embedded cloud: %(message)s")
    _print_alone(logging.getLogger("permissions"))
    moto_extensions.install()
    asyncio.run(_serve(listener))


async def _serve(listener: socket.socket) -> None:
    server = _Server(port=listener.getsockname()[1])
    connections: set[HttpProtocol] = set()

    def protocol() -> HttpProtocol:
        return HttpProtocol(server.answer, connections=connections, max_body=MAX_BODY)

    listening = await asyncio.get_running_loop().create_server(protocol, sock=listener)
    await listening.serve_forever()


def _print_alone(logger: logging.Logger) -> None:
    """Have a logger's lines printed as they are: they are about the stack's functions, not about the cloud."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(handler)
    logger.propagate = False


class _Server:
    """Answers DynamoDB's requests one at a time, and any other in a thread.

    moto's tables are plain dictionaries: a query fails where another request writes meanwhile, and a transaction that
    is undone takes with it what others wrote. None of these requests waits for anything, and threads that take turns at
    the interpreter take half as long again for them.
    """

    def __init__(self, *, port: int) -> None:
        self._port = port
        self._application = _Application()
        self._threads = ThreadPoolExecutor(WAITING_AT_ONCE)

    def answer(self, request: Request) -> Response | Awaitable[Response]:
        environ = moto_wsgi.environ(request, port=self._port)
        if self._application.answers_at_once(environ):
            return moto_wsgi.answer(self._application, environ)
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._threads, moto_wsgi.answer, self._application, environ)


class _Application:
    """moto, what stands before it, and the questions that AWS has no API for."""

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._guard = Guard()

    def answers_at_once(self, environ: Environ) -> bool:
        """Tell whether a request is one of DynamoDB's that moto answers."""
        return environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB_") and not self._guard.forwards(environ)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
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
        has_news = changes_roles(environ)
        answer: Iterable[bytes] = self._moto(environ, start_response)
        if has_news:
            # For `EmbeddedCloud`, which reads each line after the port as this.
            print("roles changed", flush=True)
        return answer

    def _local(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        answer: object = None
        if environ["PATH_INFO"] == ENFORCE_PATH:
            self._guard.learn(json.load(environ["wsgi.input"]))
        else:
            answer = sorted(get_model_map()) if environ["PATH_INFO"] == RESOURCE_TYPES_PATH else moto_iam.roles()
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]
