"""A Lambda runtime client for Python, for where AWS's own (`awslambdaric`) is not to be had.

Run by its path as `python -P runtime_client.py HANDLER`, in an environment such as Lambda gives a function. It imports
the standard library alone, since what else can be imported is the function's business. A handler sees what it sees
under AWS's client: the event, the context, the logging set-up, and what becomes of its answer or error. Sources: AWS
Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes", "Using the Lambda context object to
retrieve Python function information", "Log and monitor Python Lambda functions"; and the behaviour of awslambdaric 4.2.
"""

import decimal
import http.client
import importlib
import json
import logging
import math
import os
import sys
import time
import traceback
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any, NoReturn

_API = "/2018-06-01/runtime/"
_ESCAPING_RUNTIMES = {f"AWS_Lambda_python3.{minor}" for minor in (9, 10, 11)}
"""Before Python 3.12, Lambda escaped what is not ASCII in answers."""
_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"

Handler = Callable[[Any, "Context"], Any]


class Fault(Exception):
    """A failure that Lambda has a name of its own for."""

    def __init__(self, error_type: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.trace = trace or []


class Identity:
    """The Cognito identity of the caller; a WebSocket API has none."""

    cognito_identity_id: str | None = None
    cognito_identity_pool_id: str | None = None


class Context:
    """What a handler gets as its second argument."""

    client_context = None
    tenant_id = None

    def __init__(self, *, request_id: str, function_arn: str | None, deadline_ms: int) -> None:
        self.aws_request_id = request_id
        self.invoked_function_arn = function_arn
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        # A string, as AWS's client leaves it.
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.identity = Identity()
        self._deadline_ms = deadline_ms

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the run may still take."""
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def w3c(self) -> dict[str, str]:
        """Return the W3C trace context: none here."""
        return {}

    def log(self, message: object) -> None:
        """Write to the function's log, with no line end added."""
        sys.stdout.write(str(message))


# Logging.


class _RequestIds(logging.Filter):
    """Puts the id of the request under way on every record."""

    current = ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        record.aws_request_id = self.current
        return True


class _JsonFormatter(logging.Formatter):
    """One JSON object a line, as Lambda's JSON log format has it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object; what `extra` brought is in it."""
        fields = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname,
            "message": record.msg if isinstance(record.msg, dict) and not record.args else record.getMessage(),
            "logger": record.name,
            "requestId": getattr(record, "aws_request_id", None),
            **_exception_fields(record),
        }
        extra = {key: value for key, value in vars(record).items() if key not in _RECORD_FIELDS and key not in fields}
        present = {key: value for key, value in (fields | extra).items() if value is not None}
        return json.dumps(present, ensure_ascii=False, default=str)


_RECORD_FIELDS = {*vars(logging.makeLogRecord({})), "message", "asctime", "aws_request_id"}


def _exception_fields(record: logging.LogRecord) -> dict[str, Any]:
    if not record.exc_info or record.exc_info[0] is None:
        return {}
    kind, value, trace = record.exc_info
    return {
        "stackTrace": traceback.format_tb(trace),
        "errorType": kind.__name__,
        "errorMessage": str(value),
        "location": f"{record.pathname}:{record.funcName}:{record.lineno}",
    }


def _logs_json() -> bool:
    return os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"


def set_up_logging() -> _RequestIds:
    """Give the root logger Lambda's handler, and its level where one is asked for."""
    text = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
    logging.Formatter.converter = time.gmtime
    request_ids = _RequestIds()
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonFormatter() if _logs_json() else logging.Formatter(text, "%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(request_ids)
    logging.getLogger().addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper().replace("TRACE", "DEBUG")
    if level in logging.getLevelNamesMapping():
        logging.getLogger().setLevel(level)
    return request_ids


# Errors.


def describe(exc: Exception, request_id: str = "") -> dict[str, Any]:
    """Return the error document of the Runtime API."""
    if isinstance(exc, Fault):
        kind, trace = exc.error_type, exc.trace
    else:
        kind, trace = type(exc).__name__, _trace(exc.__traceback__)
    return {"errorMessage": str(exc), "errorType": kind, "requestId": request_id, "stackTrace": trace}


def _trace(trace: TracebackType | None) -> list[str]:
    """Format a trace without the frames of this file, which are no business of the function's author.

    Frames go in as tuples, which hold no columns: AWS's client underlines nothing.
    """
    frames = [(frame.filename, frame.lineno or 0, frame.name, frame.line) for frame in traceback.extract_tb(trace)]
    while frames and frames[0][0] == __file__:
        del frames[0]
    return traceback.format_list(frames)


def log_error(document: dict[str, Any]) -> None:
    """Write an error to the log as Lambda does: one event, its lines parted by carriage returns."""
    if _logs_json():
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        line = json.dumps({"timestamp": now, "level": "ERROR", **document}, ensure_ascii=False)
    else:
        summary = ": ".join(filter(None, (document["errorType"], document["errorMessage"])))
        trace = [_indented(text) for entry in document["stackTrace"] for text in entry.splitlines()]
        line = "\r".join([f"[ERROR] {summary}", "Traceback (most recent call last):", *trace])
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _indented(line: str) -> str:
    """Indent with spaces that log viewers do not take away."""
    text = line.lstrip(" ")
    return _NO_BREAK_SPACE * (len(line) - len(text)) + text


# The handler, its event and its answer.


def load(name: str) -> Handler:
    """Import the handler called `module.function`.

    Raises:
        Fault: There is no such handler. Whatever else its module raises goes through.

    """
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        reason = "not enough values to unpack (expected 2, got 1)"
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{name}': {reason}")
    if module_name.partition(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise Fault("Runtime.BuiltInModuleConflict", message)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as exc:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {exc}") from exc
    except SyntaxError as exc:
        where = f'  File "{exc.filename}" Line {exc.lineno}\n    {exc.text}'
        message = f"Syntax error in module '{module_name}': {exc}"
        raise Fault("Runtime.UserCodeSyntaxError", message, [where]) from exc
    try:
        handler: Handler = getattr(module, function_name)
    except AttributeError as exc:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise Fault("Runtime.HandlerNotFound", message) from exc
    return handler


def decode(body: bytes) -> Any:
    """Read an event.

    Raises:
        Fault: It is not JSON.

    """
    try:
        return json.loads(body)
    except ValueError as exc:
        raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {exc}") from exc


def encode(answer: Any) -> tuple[bytes, str]:
    """Return an answer's bytes and their content type; bytes pass as they are.

    Raises:
        Fault: It cannot be JSON.

    """
    if isinstance(answer, bytes):
        return answer, "application/unknown"
    mark = uuid.uuid4().hex
    escape = os.environ.get("AWS_EXECUTION_ENV") in _ESCAPING_RUNTIMES
    try:
        text = json.dumps(_plain(answer, mark), ensure_ascii=escape)
        return text.replace(f'"{mark}', "").replace(f'{mark}"', "").encode(), "application/json"
    except Exception as exc:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {exc}") from exc


def _plain(value: Any, mark: str) -> Any:
    """Return a value as `json` can write it the way AWS's client, which has another library, does.

    A `Decimal` becomes a number with all its digits, for which `json` has no means: it goes in as a string between
    marks, which are taken out of the text, quotes included.
    """
    if isinstance(value, dict):
        return {key: _plain(item, mark) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _plain(value._asdict(), mark)
    if isinstance(value, list | tuple):
        return [_plain(item, mark) for item in value]
    if isinstance(value, decimal.Decimal):
        return math.nan if value.is_nan() else f"{mark}{value}{mark}"
    return value.decode() if isinstance(value, bytes) else value


# The Runtime API.


class RuntimeApi:
    """Calls to the Runtime API over one connection."""

    def __init__(self, address: str) -> None:
        """Take what `AWS_LAMBDA_RUNTIME_API` is: `host:port`, which a path may follow that all others come after."""
        server, slash, path = address.partition("/")
        self._connection = http.client.HTTPConnection(server)
        self._root = slash + path + _API

    def next(self) -> tuple[http.client.HTTPMessage, bytes]:
        """Wait for an event; return the headers it came with and its bytes."""
        return self._call("GET", "invocation/next")

    def answer(self, request_id: str, body: bytes, content_type: str) -> None:
        """Say what a handler returned."""
        self._call("POST", f"invocation/{request_id}/response", body, {"Content-Type": content_type})

    def fail(self, resource: str, document: dict[str, Any]) -> None:
        """Report an error to `init/error` or `invocation/{id}/error`."""
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Function-Error-Type": document["errorType"],
        }
        self._call("POST", resource, json.dumps(document).encode(), headers)

    def _call(
        self, method: str, resource: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[http.client.HTTPMessage, bytes]:
        self._connection.request(method, self._root + resource, body, headers or {})
        response = self._connection.getresponse()
        content = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{resource} was answered with {response.status}: {content!r}")
        return response.headers, content


def serve_one(api: RuntimeApi, handler: Handler, request_ids: _RequestIds) -> None:
    """Wait for an event, run the handler, report what came of it."""
    headers, body = api.next()
    request_id = request_ids.current = headers["Lambda-Runtime-Aws-Request-Id"]
    _set_trace_id(headers["Lambda-Runtime-Trace-Id"])
    context = Context(
        request_id=request_id,
        function_arn=headers["Lambda-Runtime-Invoked-Function-Arn"],
        deadline_ms=int(headers["Lambda-Runtime-Deadline-Ms"]),
    )
    try:
        answer, content_type = encode(handler(decode(body), context))
    except Exception as exc:  # noqa: BLE001  Whatever a handler raises is reported, and the next event served.
        document = describe(exc, request_id)
        log_error(document)
        api.fail(f"invocation/{request_id}/error", document)
    else:
        api.answer(request_id, answer, content_type)


def _set_trace_id(trace_id: str | None) -> None:
    if trace_id is None:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    else:
        os.environ["_X_AMZN_TRACE_ID"] = trace_id


def main(handler_name: str) -> NoReturn:
    """Serve events until the Runtime API is gone."""
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    request_ids = set_up_logging()
    try:
        handler = load(handler_name)
    except Exception as exc:  # noqa: BLE001  Whatever a module raises is why it could not be imported.
        document = describe(exc)
        log_error(document)
        api.fail("init/error", document)
        sys.exit(1)
    try:
        while True:
            serve_one(api, handler, request_ids)
    except (OSError, http.client.HTTPException) as exc:
        sys.exit(f"the Runtime API is gone: {exc!r}")


if __name__ == "__main__":
    main(sys.argv[1])
