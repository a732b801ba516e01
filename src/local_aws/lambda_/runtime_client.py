"""The native part of `awslambdaric` in pure Python: AWS builds its module `runtime_client` for Linux only.

Run by its path as `python -P runtime_client.py HANDLER`, in place of `python -P -m awslambdaric HANDLER`. It serves as
the module `runtime_client` that `awslambdaric.lambda_runtime_client` imports, then starts AWS's bootstrap. It imports
nothing of this package: what else can be imported concerns only the function. Source: `runtime_client.cpp` of
awslambdaric 4.2; AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
"""

import http.client
import os
import sys
from typing import Any

_API = "/2018-06-01/runtime/"
_RECEIVED = (
    "Lambda-Runtime-Aws-Request-Id",
    "Lambda-Runtime-Trace-Id",
    "Lambda-Runtime-Invoked-Function-Arn",
    "Lambda-Runtime-Deadline-Ms",
    "Lambda-Runtime-Client-Context",
    "Lambda-Runtime-Cognito-Identity",
    "Lambda-Runtime-Aws-Tenant-Id",
    "Lambda-Runtime-Invocation-Id",
    "Content-Type",
)


class _RuntimeApi:
    """Calls to the Runtime API over one connection."""

    def __init__(self, address: str) -> None:
        """Take the value of `AWS_LAMBDA_RUNTIME_API`: `host:port`, followed by a path if all paths begin with one."""
        server, slash, path = address.partition("/")
        self.user_agent = ""
        self._connection = http.client.HTTPConnection(server)
        self._root = slash + path

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, Any] | None = None
    ) -> tuple[bytes, http.client.HTTPMessage]:
        """Return the body and the headers of the response.

        Raises:
            RuntimeError: The status is not one of success.

        """
        sent = {"User-Agent": self.user_agent, **(headers or {})}
        self._connection.request(method, self._root + path, body, sent)
        response = self._connection.getresponse()
        content = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{path} was answered with {response.status}: {content!r}")
        return content, response.headers


_api = _RuntimeApi(os.environ.get("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"))


def initialize_client(user_agent: str) -> None:
    """Set the user agent of all calls."""
    _api.user_agent = user_agent


def next() -> tuple[bytes, dict[str, Any]]:  # noqa: A001  the name that AWS's module has
    """Wait for an event; return its bytes and the headers that describe it, None for each that is missing."""
    body, headers = _api.call("GET", f"{_API}invocation/next")
    described: dict[str, Any] = {name: headers.get(name) or None for name in _RECEIVED}
    described["Lambda-Runtime-Deadline-Ms"] = int(headers["Lambda-Runtime-Deadline-Ms"])
    return body, described


def post_invocation_result(request_id: str, result: bytes, content_type: str, invocation_id: str | None = None) -> None:
    """Send the result of a handler."""
    headers = {"Content-Type": content_type, **_invocation(invocation_id)}
    _api.call("POST", f"{_API}invocation/{request_id}/response", result, headers)


def post_error(request_id: str, document: str, xray_cause: str, invocation_id: str | None = None) -> None:
    """Send the error document of a handler that failed, and the cause in the form that X-Ray takes."""
    headers: dict[str, Any] = {"Content-Type": "application/json", **_invocation(invocation_id)}
    if xray_cause:
        # As bytes: `http.client` would encode text in Latin-1.
        headers["Lambda-Runtime-Function-XRay-Error-Cause"] = xray_cause.encode()
    _api.call("POST", f"{_API}invocation/{request_id}/error", document.encode(), headers)


def _invocation(invocation_id: str | None) -> dict[str, str]:
    return {"Lambda-Runtime-Invocation-Id": invocation_id} if invocation_id else {}


def main(handler: str) -> None:
    """Run AWS's bootstrap with this module as its native part; never return."""
    sys.modules["runtime_client"] = sys.modules[__name__]
    from awslambdaric import bootstrap, lambda_runtime_client  # noqa: PLC0415
    from awslambdaric.lambda_runtime_marshaller import to_json  # noqa: PLC0415

    class Client(lambda_runtime_client.LambdaRuntimeClient):  # type: ignore[misc]
        def call_rapid(
            self,
            http_method: str,
            endpoint: str,
            expected_http_code: int,  # noqa: ARG002
            payload: object = None,
            headers: dict[str, str] | None = None,
        ) -> None:
            """Report that initialization failed. AWS's takes no path in the address, and so no secret."""
            _api.call(http_method, endpoint, to_json(payload).encode(), headers)

    bootstrap.run(handler, Client(os.environ["AWS_LAMBDA_RUNTIME_API"]))


if __name__ == "__main__":
    main(sys.argv[1])
