"""A client of AWS's JSON protocol, which DynamoDB and SQS use: a signed POST for each operation.

Sources: DynamoDB developer guide, "DynamoDB low-level API"; SQS developer guide, "AWS JSON protocol". Calls are
repeated after throttling, faults of the service and lost answers ("Error handling with DynamoDB" in the former), so
only operations that may be repeated can be called.
"""

import asyncio
import json
import math
import random
import time
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aws_client.connector import Connector
from aws_client.credentials import CredentialsProvider
from aws_client.endpoint import Endpoint
from aws_client.errors import ResponseMalformed, TransportError
from aws_client.pool import Pool
from aws_client.response import Response
from aws_client.signer import HeaderBlock, RequestSigner, Signer
from aws_client.source import Source

CONNECTIONS = 16
"""Requests under way at once. Batches of writes run concurrently, everything else runs in sequence."""

READ_TIMEOUT_SECONDS = 5.0
"""After this time a request is sent again: a chat's event is not worth a longer wait."""
CALL_TIMEOUT_SECONDS = 20.0
"""The limit for all attempts of a call, unless its caller sets an earlier deadline."""

BACKOFF_BASE_SECONDS = 0.025
_PASSING: Final = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionConflictException",
    }
)
_SIGNED_WRONGLY: Final = frozenset(
    {"ExpiredTokenException", "InvalidSignatureException", "UnrecognizedClientException"}
)

Json = dict[str, Any]


class ServiceError(Exception):
    """The service refused a request; `code` is the service's name for the reason."""

    def __init__(self, code: str, message: str, item: Json | None = None, reasons: Sequence[str] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.reasons = reasons
        """Of a transaction that DynamoDB has cancelled: a code for each of its items, `None` for those without fault
        (API reference, `TransactWriteItems`, "CancellationReasons")."""
        self.item = item or {}
        """The DynamoDB item that failed a condition, if the request asked for it; else empty."""


class ServiceUnreachable(Exception):
    """No answer arrived, however often the request was sent."""


class JsonClient:
    """Calls the operations of one service. A client belongs to the event loop that it is first used on."""

    def __init__(
        self,
        *,
        service: str,
        target: str,
        region: str,
        credentials: CredentialsProvider,
        url: str | None = None,
        retries: int = 3,
        version: str = "1.0",
    ) -> None:
        """Make a client; nothing is sent.

        Args:
            service: the name in endpoints and signatures, such as `dynamodb`.
            target: the prefix of an operation's name in `X-Amz-Target`, such as `DynamoDB_20120810`.
            region: a region's code, such as `eu-west-1`.
            credentials: the credentials that sign the requests.
            url: an endpoint that replaces the region's.
            retries: how often a request is repeated after throttling, a fault or a lost answer.
            version: the version of the protocol, which is part of the content type.

        """
        endpoint = Endpoint.parse(url or regional_url(service, region))
        self._signer = Signer(service=service, region=region, host=endpoint.host_header, credentials=credentials)
        self._target = target
        self._content_type = f"application/x-amz-json-{version}"
        self._path = f"{endpoint.path}/".encode()
        self._retries = retries
        self._pool = Pool(Connector(endpoint), limit=CONNECTIONS)

    def close(self) -> None:
        """End the connections. A function need not do so: its connections end with its execution environment."""
        self._pool.close()

    async def call(self, operation: str, request: Mapping[str, Any], *, deadline: float = math.inf) -> Json:
        """Return the answer to an operation such as `PutItem`.

        Args:
            operation: the operation's name.
            request: its parameters.
            deadline: when to give up, on the scale of `time.monotonic()`, in seconds; after `CALL_TIMEOUT_SECONDS` at
                the latest.

        Raises:
            ServiceError: the request was refused, or was still throttled at the last attempt.
            ServiceUnreachable: no answer arrived by the deadline or after the last attempt.

        """
        seconds = min(deadline - time.monotonic(), CALL_TIMEOUT_SECONDS)
        if seconds <= 0:
            # A timeout in the past would still let the request be sent.
            raise ServiceUnreachable("no time was left")
        try:
            async with asyncio.timeout(seconds):
                return await self._call(operation, request)
        except TimeoutError as exc:
            raise ServiceUnreachable("no answer in time") from exc

    async def _call(self, operation: str, request: Mapping[str, Any]) -> Json:
        body = json.dumps(request, separators=(",", ":")).encode()
        request_signer = self._signer.for_payload(
            body,
            {"content-type": self._content_type, "x-amz-target": f"{self._target}.{operation}"},
        )
        for attempt in range(self._retries + 1):
            if attempt:
                # Full jitter: "Exponential Backoff And Jitter", AWS Architecture Blog.
                await asyncio.sleep(random.uniform(0, BACKOFF_BASE_SECONDS * 2.0**attempt))  # noqa: S311
            try:
                return _content(await self._send(request_signer, body))
            except ServiceError as exc:
                if attempt == self._retries or exc.code not in _PASSING | _SIGNED_WRONGLY:
                    raise
                request_signer.renew()
            except TransportError as exc:
                if attempt == self._retries:
                    raise ServiceUnreachable(str(exc)) from exc
        raise AssertionError

    async def _send(self, request_signer: RequestSigner, body: bytes) -> Response:
        now = time.monotonic()
        signature = request_signer.sign(self._path, now)
        attempt = _Attempt(self._path, request_signer.header_block, signature, body, now + READ_TIMEOUT_SECONDS)
        await self._pool.run(attempt)
        response = attempt.result()
        if response.status in {400, 403}:
            self._signer.correct_clock(response.header("date"), request_signer.signed)
        return response


def regional_url(service: str, region: str) -> str:
    """Return the URL of a service in a region (AWS General Reference, "AWS service endpoints")."""
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{service}.{region}.{suffix}"


def _content(response: Response) -> Json:
    checksum = response.header("x-amz-crc32")
    if checksum and checksum != str(zlib.crc32(response.body)):
        raise ResponseMalformed("a body with the wrong checksum")
    try:
        content = json.loads(response.body)
    except (ValueError, RecursionError):
        content = None
    if response.status >= 500:
        raise ServiceError("InternalServerError", f"status {response.status}")
    if not isinstance(content, dict):
        raise ResponseMalformed("no JSON object")
    if response.status != 200:
        code = str(content.get("__type", response.status)).rpartition("#")[2]
        message = str(content.get("message") or content.get("Message") or "")
        reasons = [str(each.get("Code")) for each in content.get("CancellationReasons") or ()]
        raise ServiceError(code, message, content.get("Item"), reasons)
    return content


class _Attempt(Source):
    """A request that is sent once: a source, and its only request as well."""

    deadline = math.inf
    """The caller cancels the run instead."""

    def __init__(self, path: bytes, header_block: HeaderBlock, signature: bytes, body: bytes, expires: float) -> None:
        self.path = path
        self.header_block = header_block
        self.signature = signature
        self.body = body
        self.expires = expires
        self._is_taken = False
        self._end: Response | TransportError | None = None

    def result(self) -> Response:
        """Return the response; raise the error if there is none."""
        if isinstance(self._end, Response):
            return self._end
        raise self._end or TransportError("not sent")

    @property
    def source(self) -> Source:
        return self

    def ready(self, now: float) -> int:  # noqa: ARG002
        return 0 if self._is_taken else 1

    def next_due(self) -> float:
        return math.inf

    def take(self, now: float) -> "_Attempt | None":  # noqa: ARG002
        if self._is_taken:
            return None
        self._is_taken = True
        return self

    def is_finished(self, now: float) -> bool:  # noqa: ARG002
        return self._end is not None

    def answered(self, response: Response) -> None:
        self._end = response

    def failed(self, error: TransportError) -> None:
        self._end = error

    def timed_out(self) -> None:
        self._end = TransportError("no answer in time")
