"""AWS Signature Version 4 for many requests that differ little.

Source: AWS, "Signing AWS API requests", "Create a signed AWS API request". The results equal botocore's byte for byte
(tests/aws_client/test_signer.py). botocore signs in 92 us; most of that is the derivation of the key and the building
of the request's parts, which are the same for every request of a day and of a payload. Kept, they leave 4 us.
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
    """Signs requests to one host for one service."""

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
        """How much the server's clock is ahead of ours, in seconds, where that matters."""

    def for_payload(
        self, payload: bytes, headers: Mapping[str, str] | None = None, *, method: str = "POST"
    ) -> "RequestSigner":
        """Return what signs requests that carry this payload.

        Args:
            payload: the request's body.
            headers: what is to be sent and signed besides `host` and the signature's own; names in lower case, values
                without white space at their ends.
            method: of HTTP.

        """
        return RequestSigner(self, payload, headers or {}, method)

    def signing_scope(self, second: int) -> "SigningScope":
        """Return what all requests of the given second have in common."""
        credentials = self._credentials()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
        key = _signing_key(credentials.secret_access_key, stamp[:8], self._region, self._service)
        return SigningScope(credentials, stamp, f"{stamp[:8]}/{self._region}/{self._service}/aws4_request", key)

    def now(self) -> int:
        """Return the second that requests are dated with, since the epoch."""
        return int(self._clock() + self._ahead)

    def correct_clock(self, date: str, signed: int) -> bool:
        """Learn from a refusal whether the clock here is to blame for it.

        Signatures hold for five minutes either way (AWS, "Signing AWS API requests").

        Args:
            date: the `Date` header of the refusal.
            signed: when the request was signed, as the request_signer said.

        Returns:
            True where it is; requests signed from now on are dated so that the server takes them.

        """
        # Seldom needed, and slow to import.
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
    """A second of one access key's: its date, and the key derived for the day."""

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
        # HMAC by its definition: the states after what is always the same are kept, which halves `hmac.digest`'s time.
        inner = self._inner.copy()
        inner.update(sha256(canonical_request).hexdigest().encode())
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest().encode()


class HeaderBlock:
    """The method and the header fields of many requests: everything but the path and the signature."""

    __slots__ = ("authorization", "http2_fields", "lines", "method")

    def __init__(self, method: bytes, fields: Sequence[tuple[str, str]], authorization: str, length: int) -> None:
        self.method = method
        self.authorization = authorization.encode()
        """The value up to the signature."""
        others = [(name, value) for name, value in fields if name != "host"]
        self.http2_fields = ((":authority", dict(fields)["host"]), *others, ("content-length", str(length)))
        """All but that one, as HTTP/2 names them."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
        self.lines = f"{lines}content-length: {length}\r\nauthorization: {authorization}".encode()
        """All of them as HTTP/1.1 writes them, up to the signature."""


class RequestSigner:
    """Signs requests that differ in their path alone; everything else is put together once a second."""

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
    """What the last signature is for."""

    def __init__(self, signer: Signer, payload: bytes, headers: Mapping[str, str], method: str) -> None:
        self._signer = signer
        self._method = method.encode()
        self._start = self._method + b"\n"
        self._payload = payload
        self._payload_hash = sha256(payload).hexdigest()
        self._headers = headers
        self._until = -math.inf
        self.signed = 0
        """What the last request was dated with, in seconds since the epoch."""

    def renew(self) -> None:
        """Sign the next request with the credentials and by the clock of its own moment."""
        self._until = -math.inf

    def sign(self, canonical_path: bytes, now: float) -> bytes:
        """Return the signature of a request, which completes `header_block`.

        Args:
            canonical_path: the path as it is sent, percent-encoded, and then once more; it has no query.
            now: the time on the scale of `time.monotonic()`.

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
        # After the path's line an empty one, for there is no query.
        self._after_path = f"\n\n{lines}\n{signed}\n{self._payload_hash}".encode()
        authorization = f"{_ALGORITHM} Credential={scope.credential}, SignedHeaders={signed}, Signature="
        self.header_block = HeaderBlock(self._method, fields, authorization, len(self._payload))


def percent_encoded(text: str, *, safe: str = "") -> bytes:
    """Return the text as a segment of a path has it: everything encoded but RFC 3986's unreserved characters.

    Args:
        text: any.
        safe: what besides is left as it is.

    """
    encoded = text.encode()
    # As API Gateway's connection ids are: `quote` would take most of the time of a post's signature for them.
    if not safe and not encoded.translate(None, _USUAL):
        return encoded.replace(b"=", b"%3D")
    return quote(text, safe=f"~{safe}").encode()


@lru_cache(maxsize=16)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
