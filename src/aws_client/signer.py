"""AWS Signature Version 4 for many requests that differ little.

Source: AWS, "Signing AWS API requests", "Create a signed AWS API request". The results equal botocore's byte for byte
(tests/aws_client/test_signer.py). Most of botocore's time goes into deriving the key and building parts of the request,
which are the same for all requests of a day or with one payload. Here they are kept (docs/performance.md).
"""

import hmac
import math
import string
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from aws_client.credentials import Credentials, CredentialsProvider

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_USUAL: Final = f"{string.ascii_letters}{string.digits}-_=".encode()
_BLOCK: Final = 64
"""Bytes in a block of SHA-256, to which HMAC pads its key (RFC 2104)."""
_TOLERANCE_SECONDS: Final = 240
_INNER: Final = bytes(each ^ 0x36 for each in range(256))
_OUTER: Final = bytes(each ^ 0x5C for each in range(256))


class Signer:
    """Signs requests to one host of one service."""

    def __init__(
        self,
        *,
        service: str,
        region: str,
        host: str,
        credentials: CredentialsProvider,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._service = service
        self._region = region
        self._host = host
        self._credentials = credentials
        self._clock = clock
        self._ahead = 0.0
        """How far the server's clock is ahead of ours, in seconds; 0 if the difference does not matter."""

    def for_payload(
        self, payload: bytes, headers: Mapping[str, str] | None = None, *, method: str = "POST"
    ) -> "RequestSigner":
        """Return a signer of requests that have this payload.

        Args:
            payload: the body of each request.
            headers: the fields to be sent and signed besides `host` and the signature's own; names in lower case,
                values without white space at either end.
            method: the HTTP method.

        """
        return RequestSigner(self, payload, headers or {}, method)

    def signing_scope(self, second: int) -> "SigningScope":
        """Return the scope that all requests dated with this second, since the epoch, share."""
        credentials = self._credentials()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
        key = signing_key(credentials.secret_access_key, stamp[:8], self._region, self._service)
        return SigningScope(credentials, stamp, f"{stamp[:8]}/{self._region}/{self._service}/aws4_request", key)

    def now(self) -> int:
        """Return the second, since the epoch, that a request is dated with if it is signed now."""
        return int(self._clock() + self._ahead)

    def correct_clock(self, date: str, signed: int) -> bool:
        """Find out whether a request was refused because of the local clock, and adjust to the server's if so.

        A signature is valid for five minutes before and after its date (AWS, "Signing AWS API requests").

        Args:
            date: the `Date` header of the refusal.
            signed: the `RequestSigner.signed` of the request.

        Returns:
            True if the clock was to blame; requests signed from now on have dates that the server accepts.

        """
        # Rarely needed, and slow to import.
        from email.utils import parsedate_to_datetime  # noqa: PLC0415

        try:
            theirs = parsedate_to_datetime(date).timestamp()
        except (ValueError, OverflowError):
            return False
        if abs(theirs - signed) < _TOLERANCE_SECONDS:
            return False
        self._ahead = theirs - self._clock()
        return True

    @property
    def host(self) -> str:
        """The `host` header of every request."""
        return self._host


class SigningScope:
    """One second of one access key: the date of its signatures, and the signing key of the day."""

    __slots__ = ("_inner", "_outer", "credential", "session_token", "stamp")

    def __init__(self, credentials: Credentials, stamp: str, scope: str, key: bytes) -> None:
        self.stamp = stamp
        self.session_token = credentials.session_token
        self.credential = f"{credentials.access_key_id}/{scope}"
        padded = key.ljust(_BLOCK, b"\0")
        self._inner = sha256(padded.translate(_INNER) + f"{_ALGORITHM}\n{stamp}\n{scope}\n".encode())
        self._outer = sha256(padded.translate(_OUTER))

    def sign(self, canonical_request: bytes) -> bytes:
        """Return the signature in hexadecimal."""
        # HMAC by its definition, from kept states after the constant parts: half of `hmac.digest`'s time (measured).
        inner = self._inner.copy()
        inner.update(sha256(canonical_request).hexdigest().encode())
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest().encode()


class HeaderBlock:
    """The method and the header fields that many requests share: everything but the path and the signature."""

    __slots__ = ("authorization", "http2_fields", "lines", "method")

    def __init__(self, method: bytes, fields: Sequence[tuple[str, str]], authorization: str, length: int) -> None:
        self.method = method
        self.authorization = authorization.encode()
        """The value of `authorization` up to the signature."""
        others = [(name, value) for name, value in fields if name != "host"]
        self.http2_fields = ((":authority", dict(fields)["host"]), *others, ("content-length", str(length)))
        """The other fields, with their names in HTTP/2."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
        self.lines = f"{lines}content-length: {length}\r\nauthorization: {authorization}".encode()
        """All fields in HTTP/1.1's format, up to the signature."""


class RequestSigner:
    """Signs requests that differ only in their path; everything else is prepared once a second."""

    __slots__ = (
        "_after_path",
        "_headers",
        "_method",
        "_payload",
        "_payload_hash",
        "_scope",
        "_signer",
        "_start",
        "_until",
        "header_block",
        "signed",
    )

    header_block: HeaderBlock
    """The header block that belongs to the last signature."""

    def __init__(self, signer: Signer, payload: bytes, headers: Mapping[str, str], method: str) -> None:
        self._signer = signer
        self._method = method.encode()
        self._start = self._method + b"\n"
        self._payload = payload
        self._payload_hash = sha256(payload).hexdigest()
        self._headers = headers
        self._until = -math.inf
        self.signed = 0
        """The date of the last request, in seconds since the epoch."""

    def renew(self) -> None:
        """Prepare anew for the next request, with the credentials and the date of that moment."""
        self._until = -math.inf

    def sign(self, canonical_path: bytes, now: float) -> bytes:
        """Return the signature of a request, which belongs at the end of `header_block`.

        Args:
            canonical_path: the path as it is sent, percent-encoded once more; a query is not supported.
            now: the time on the scale of `time.monotonic()`, in seconds.

        """
        if now >= self._until:
            self._prepare()
            self._until = now + 1.0
        return self._scope.sign(b"%b%b%b" % (self._start, canonical_path, self._after_path))

    def _prepare(self) -> None:
        self.signed = self._signer.now()
        scope = self._scope = self._signer.signing_scope(self.signed)
        own = {"host": self._signer.host, "x-amz-date": scope.stamp}
        if scope.session_token:
            own["x-amz-security-token"] = scope.session_token
        fields = sorted((own | dict(self._headers)).items())
        signed = ";".join(name for name, _ in fields)
        lines = "".join(f"{name}:{value}\n" for name, value in fields)
        # The line after the path is empty: there is no query.
        self._after_path = f"\n\n{lines}\n{signed}\n{self._payload_hash}".encode()
        authorization = f"{_ALGORITHM} Credential={scope.credential}, SignedHeaders={signed}, Signature="
        self.header_block = HeaderBlock(self._method, fields, authorization, len(self._payload))


def percent_encoded(text: str, *, safe: str = "") -> bytes:
    """Encode text as a segment of a path: every character but RFC 3986's unreserved ones.

    Args:
        text: any text.
        safe: further characters that are not encoded.

    """
    encoded = text.encode()
    # API Gateway's connection ids have only these: `quote` would cost most of the time of a signature (measured).
    if not safe and not encoded.translate(None, _USUAL):
        return encoded.replace(b"=", b"%3D")
    return quote(text, safe=f"~{safe}").encode()


@lru_cache(maxsize=64)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """Derive the key of one day, `YYYYMMDD`: four of the six hashes of a signature."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
