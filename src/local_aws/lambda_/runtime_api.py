"""The Lambda Runtime API, version 2018-06-01, for one execution environment.

Each environment has a listener of its own, which identifies it. The allowed requests depend on the earlier ones; the
table below has the transitions, and every other request fails with 403, as in Lambda's own emulator. Source: AWS Lambda
Developer Guide, "Using the Lambda runtime API for custom runtimes".

Other accounts of this machine must not use it: an event has a user's token, and a response may admit a user. A caller
must belong to this process's account, if the system provides that (see peers.py), and must know the secret, if the
environment's client supports one.
"""

import asyncio
import json
import secrets
import socket
from enum import Enum, auto

from local_aws.http_server import HttpProtocol, HttpServer, Listener, Request, Response
from local_aws.http_server.peers import of_another_account
from local_aws.lambda_.invocation import Failure, Invocation, Outcome

_ROOT = "/2018-06-01/runtime/"
_JSON = ("Content-Type", "application/json")


class Polled(Enum):
    """The environment polled for an event: it has initialized or finished the last event."""

    POLLED = auto()


Step = Polled | Outcome
"""A step of an environment; a `Failure` before the first poll concerns its initialization."""


class _Phase(Enum):
    INIT = auto()
    IDLE = auto()
    BUSY = auto()
    ANSWERED = auto()
    FAILED = auto()


_MOVES = {
    (_Phase.INIT, "init/error"): _Phase.FAILED,
    (_Phase.INIT, "invocation/next"): _Phase.IDLE,
    (_Phase.ANSWERED, "invocation/next"): _Phase.IDLE,
    (_Phase.BUSY, "response"): _Phase.ANSWERED,
    (_Phase.BUSY, "error"): _Phase.ANSWERED,
}


_MAX_HEAD = 2 * 1024 * 1024
"""Bytes. AWS's client sends the trace of a handler's error in a header of up to 1 MiB."""


class RuntimeApi:
    """Serves one execution environment; `steps` has its steps in order."""

    def __init__(self, *, secret: str = "") -> None:
        """Prepare the API; it does not listen yet. A `secret` that is not empty is the first segment of all paths."""
        self.steps: asyncio.Queue[Step] = asyncio.Queue()
        self._secret = secret
        self._phase = _Phase.INIT
        self._given: asyncio.Future[tuple[Invocation, int]] = asyncio.get_running_loop().create_future()
        self._current = ""
        self._server: HttpServer | None = None

    async def open(self) -> str:
        """Listen on a free loopback port; return the value for `AWS_LAMBDA_RUNTIME_API`.

        It is `host:port`, or `host:port/secret` if there is a secret.
        """
        connections: set[HttpProtocol] = set()

        def protocol() -> HttpProtocol:
            return _Connection(self._handle, connections=connections, max_head=_MAX_HEAD)

        # Clients of the stack must not keep its own functions out.
        self._server = HttpServer(
            Listener(socket.create_server(("127.0.0.1", 0)), protocol, keeps_back=False), connections
        )
        return f"127.0.0.1:{self._server.port}" + (f"/{self._secret}" if self._secret else "")

    async def close(self) -> None:
        """Stop listening and drop the environment's connections."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def give(self, invocation: Invocation, *, deadline_ms: int) -> None:
        """Pass an event to the environment, which has polled; `deadline_ms` is Unix time in milliseconds."""
        self._phase = _Phase.BUSY
        self._current = invocation.request_id
        self._given.set_result((invocation, deadline_ms))

    async def _handle(self, request: Request) -> Response:
        path = request.path
        if self._secret:
            sent, slash, rest = path.removeprefix("/").partition("/")
            if not secrets.compare_digest(sent.encode(), self._secret.encode()):
                return _STRANGER
            path = slash + rest
        return await self._answer(request, path.removeprefix(_ROOT) if path.startswith(_ROOT) else "")

    async def _answer(self, request: Request, resource: str) -> Response:
        if request.method == "GET" and resource == "invocation/next":
            return await self._next()
        if request.method == "POST" and resource == "init/error":
            return self._advance(resource, Failure.from_report(request.body))
        match resource.split("/"):
            case ["invocation", request_id, "response" as move] if request.method == "POST":
                return self._settle(request_id, move, request.body)
            case ["invocation", request_id, "error" as move] if request.method == "POST":
                return self._settle(request_id, move, Failure.from_report(request.body))
        return _refusal(404, "NotFound", "No such resource")

    async def _next(self) -> Response:
        if self._phase is not _Phase.IDLE:
            verdict = self._advance("invocation/next", Polled.POLLED)
            if verdict.status != 202:
                return verdict
            self._given = asyncio.get_running_loop().create_future()
        # Shielded: a client that disconnects and polls again receives the same event.
        invocation, deadline_ms = await asyncio.shield(self._given)
        return Response(
            status=200,
            body=invocation.event,
            headers=(
                _JSON,
                ("Lambda-Runtime-Aws-Request-Id", invocation.request_id),
                ("Lambda-Runtime-Deadline-Ms", str(deadline_ms)),
                ("Lambda-Runtime-Invoked-Function-Arn", invocation.function_arn),
                ("Lambda-Runtime-Trace-Id", invocation.trace_id),
            ),
        )

    def _settle(self, request_id: str, move: str, outcome: Outcome) -> Response:
        if request_id != self._current:
            return _refusal(400, "InvalidRequestID", "Invalid request ID")
        return self._advance(move, outcome)

    def _advance(self, move: str, step: Step) -> Response:
        """Make a transition and queue its step, or reject it."""
        phase = _MOVES.get((self._phase, move))
        if phase is None:
            return _refusal(403, "InvalidStateTransition", f"{move} is not allowed now")
        self._phase = phase
        self.steps.put_nowait(step)
        return Response(status=202, body=b'{"status":"OK"}\n', headers=(_JSON,))


class _Connection(HttpProtocol):
    """A connection that must belong to this process's account."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Reject a connection from another account."""
        super().connection_made(transport)
        if of_another_account(transport):
            self._refuse(_STRANGER)


def _refusal(status: int, error_type: str, message: str) -> Response:
    body = json.dumps({"errorType": error_type, "errorMessage": message}).encode()
    return Response(status=status, body=body, headers=(_JSON,))


_STRANGER = _refusal(403, "Forbidden", "This is for the function's own process")
