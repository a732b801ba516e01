"""DynamoDB's own protocol: a signed POST of JSON for each operation.

Source: DynamoDB developer guide, "DynamoDB low-level API". Every operation used here may be repeated, so throttling,
faults of the service, and answers that got lost are all tried again (guide, "Error handling with DynamoDB").
"""

import asyncio
import json
import random
import time
import zlib
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from adapters.aws import (
    CredentialsProvider,
    Endpoint,
    Exchange,
    Opener,
    Pool,
    Response,
    ResponseMalformed,
    Signer,
    Template,
    TransportError,
)
from adapters.dynamodb.table import READ_TIMEOUT_SECONDS

CONNECTIONS = 16
"""Requests under way at once: batches of writes go side by side, everything else is one after the other."""

BACKOFF_BASE_SECONDS = 0.025
_PASSING: Final = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
    }
)
_SIGNED_WRONGLY: Final = frozenset(
    {"ExpiredTokenException", "InvalidSignatureException", "UnrecognizedClientException"}
)

Json = dict[str, Any]


class DynamoDBError(Exception):
    """DynamoDB refused a request; `code` is its name for the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class DynamoDBUnreachable(Exception):
    """No answer came, however often the request was sent."""


class DynamoDBClient:
    """Calls operations at one endpoint; it belongs to the event loop that it is first used on."""

    def __init__(
        self, *, region: str, credentials: CredentialsProvider, url: str | None = None, retries: int = 3
    ) -> None:
        endpoint = Endpoint.parse(url or regional_url(region))
        self._signer = Signer(service="dynamodb", region=region, host=endpoint.host_header, credentials=credentials)
        self._request_line = f"POST {endpoint.path}/ HTTP/1.1\r\n".encode()
        self._canonical_path = f"{endpoint.path}/"
        self._retries = retries
        self._waiting = _Waiting()
        self._pool = Pool(Opener(endpoint), self._waiting, limit=CONNECTIONS)

    def close(self) -> None:
        """End the connections; a function's need not be ended, they go with its execution environment."""
        self._pool.close()

    async def call(self, operation: str, request: Mapping[str, Any]) -> Json:
        """Return the answer to an operation such as `PutItem`.

        Raises:
            DynamoDBError: it was refused, or is still throttled after the last attempt.
            DynamoDBUnreachable: no answer came, after the last attempt either.

        """
        body = json.dumps(request, separators=(",", ":")).encode()
        template = self._signer.template(
            body,
            {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"DynamoDB_20120810.{operation}"},
        )
        for attempt in range(self._retries + 1):
            if attempt:
                # Full jitter: "Exponential Backoff And Jitter", AWS Architecture Blog.
                await asyncio.sleep(random.uniform(0, BACKOFF_BASE_SECONDS * 2.0**attempt))  # noqa: S311
            try:
                return _content(await self._send(template, body))
            except DynamoDBError as exc:
                if attempt == self._retries or exc.code not in _PASSING | _SIGNED_WRONGLY:
                    raise
                template.renew()
            except TransportError as exc:
                if attempt == self._retries:
                    raise DynamoDBUnreachable(str(exc)) from exc
        raise AssertionError

    async def _send(self, template: Template, body: bytes) -> Response:
        now = time.monotonic()
        head = self._request_line + template.headers(self._canonical_path, now)
        exchange = _Call(head + b"content-length: %d\r\n\r\n" % len(body) + body, now + READ_TIMEOUT_SECONDS)
        self._waiting.calls.append(exchange)
        try:
            self._pool.revive()
            self._pool.pump()
            response = await exchange.response
        except asyncio.CancelledError:
            self._waiting.drop(exchange)
            self._pool.abandon(lambda each: each is exchange)
            raise
        if response.status in {400, 403}:
            self._signer.correct_clock(response.header("date"), template.signed)
        return response


def regional_url(region: str) -> str:
    """Return the address of a region's DynamoDB (AWS General Reference, "Amazon DynamoDB endpoints and quotas")."""
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://dynamodb.{region}.{suffix}"


def _content(response: Response) -> Json:
    checksum = response.header("x-amz-crc32")
    if checksum.isdigit() and int(checksum) != zlib.crc32(response.body):
        raise ResponseMalformed("the checksum is another's")
    try:
        content = json.loads(response.body)
    except ValueError:
        content = None
    if response.status >= 500:
        raise DynamoDBError("InternalServerError", f"status {response.status}")
    if not isinstance(content, dict):
        raise ResponseMalformed("no JSON object")
    if response.status != 200:
        code = str(content.get("__type", response.status)).rpartition("#")[2]
        raise DynamoDBError(code, str(content.get("message") or content.get("Message") or ""))
    return content


class _Call:
    """A request whose response somebody awaits."""

    def __init__(self, request: bytes, expires: float) -> None:
        self.request = request
        self.expires = expires
        self.response: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

    def answered(self, response: Response) -> None:
        if not self.response.done():
            self.response.set_result(response)

    def failed(self, error: TransportError) -> None:
        if not self.response.done():
            self.response.set_exception(error)

    def timed_out(self) -> None:
        self.failed(TransportError("no answer in time"))


class _Waiting:
    """The calls that have no connection yet."""

    def __init__(self) -> None:
        self.calls: deque[_Call] = deque()

    @property
    def backlog(self) -> int:
        return len(self.calls)

    def take(self) -> Exchange | None:
        return self.calls.popleft() if self.calls else None

    def drop(self, call: _Call) -> None:
        if call in self.calls:
            self.calls.remove(call)
