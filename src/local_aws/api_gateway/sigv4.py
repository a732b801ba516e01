"""AWS Signature Version 4, verified by the server.

Source: IAM User Guide, "AWS Signature Version 4 for API requests". For every service but S3, SDKs sign the path of the
request line percent-encoded once more.
"""

import hashlib
import hmac
import re
import time
from calendar import timegm
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote

from aws_client import signing_key
from local_aws.authorization import Credential
from local_aws.http_server import Request

ALGORITHM = "AWS4-HMAC-SHA256"
CLOCK_SKEW_SECONDS = 300
_MAX_EXPIRES = 604_800

_is_signature = re.compile(r"[0-9a-f]{64}").fullmatch
_REQUIRED = ("Credential", "Signature", "SignedHeaders")
_QUERY_REQUIRED = ("X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Signature", "X-Amz-SignedHeaders")
_INVALID = "InvalidSignatureException"
_INCOMPLETE = "IncompleteSignatureException"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)


class SignatureFault(Exception):
    """A request is not signed correctly; the text is the message that AWS returns."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        """The value of `x-amzn-ErrorType`."""
        self.message = message


class Signature(NamedTuple):
    """The fields of a request's signature: well-formed, but not verified."""

    access_key_id: str
    date: str
    """`20240131`, the first part of the scope."""
    region: str
    service: str
    signed_headers: str
    """Names in lower case, joined by `;`."""
    value: str
    timestamp: str
    """`20240131T235959Z`."""
    expires: int | None
    """Seconds after the timestamp, for a presigned URL; None if the signature is in a header."""
    token: str | None
    headers: dict[str, str]
    """All headers of the request: names in lower case, repeated headers joined."""


def read(request: Request) -> Signature:
    """Parse the signature of a request, from its `Authorization` header or else from its query string.

    Raises:
        SignatureFault: There is none, or it is malformed.

    """
    headers = _lowered(request)
    authorization = headers.get("authorization")
    if authorization:
        return _from_header(authorization, headers)
    if "X-Amz-Signature=" in request.query or "X-Amz-Algorithm=" in request.query:
        return _from_query(request.query, headers)
    raise SignatureFault("MissingAuthenticationTokenException", "Missing Authentication Token")


def verify(
    request: Request, signature: Signature, credential: Credential, *, region: str, service: str, now: float
) -> None:
    """Verify a signature with the credential of its access key id.

    Args:
        request: The request, unchanged.
        signature: What `read` returned for it.
        credential: The credential of the access key id.
        region: The region of the service.
        service: The service's signing name.
        now: Epoch seconds.

    Raises:
        SignatureFault: The credential's owner did not sign this request, or not now, or not for this service.

    """
    if signature.token != credential.session_token:
        raise SignatureFault("UnrecognizedClientException", "The security token included in the request is invalid.")
    _check_scope(signature, region, service)
    _check_time(signature, now)
    canonical = canonical_request(request, signature)
    text = string_to_sign(signature, canonical)
    key = signing_key(credential.secret_access_key, signature.date, signature.region, signature.service)
    if not hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), signature.value):
        raise SignatureFault(
            _INVALID,
            f"{_MISMATCH}\n\nThe Canonical String for this request should have been\n'{canonical}'\n\n"
            f"The String-to-Sign should have been\n'{text}'\n",
        )


def canonical_request(request: Request, signature: Signature) -> str:
    """Return the canonical request."""
    headers = signature.headers
    names = signature.signed_headers.split(";")
    lines = [f"{name}:{_trimmed(headers[name])}" for name in names]
    parts = (
        request.method,
        _canonical_path(request.path),
        _canonical_query(request.query) if request.query else "",
        *lines,
        "",
        signature.signed_headers,
        hashlib.sha256(request.body).hexdigest(),
    )
    return "\n".join(parts)


def string_to_sign(signature: Signature, canonical: str) -> str:
    """Return the string to sign."""
    scope = f"{signature.date}/{signature.region}/{signature.service}/aws4_request"
    return f"{ALGORITHM}\n{signature.timestamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"


# Reading.


def _lowered(request: Request) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in request.headers:
        key = name.lower()
        headers[key] = f"{headers[key].strip()},{value.strip()}" if key in headers else value
    return headers


def _from_header(authorization: str, headers: dict[str, str]) -> Signature:
    algorithm, _, rest = authorization.partition(" ")
    try:
        # Of many requests by one signer everything but the signature is the same: it usually comes last.
        before, _, value = rest.rpartition("Signature=")
        fields = {**_fields(before.rstrip(", ")), "Signature": value} if _is_signature(value) else _fields(rest)
    except ValueError as exc:
        pair = f"{exc.args[0]!r} not a valid key=value pair (missing equal-sign)"
        raise SignatureFault(_INCOMPLETE, f"{pair} in Authorization header: {authorization!r}.") from exc
    stamp = headers.get("x-amz-date") or headers.get("date")
    missing = [f"Authorization header requires '{name}' parameter." for name in _REQUIRED if not fields.get(name)]
    if not stamp:
        missing.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if missing or not stamp:
        raise SignatureFault(_INCOMPLETE, f"{' '.join(missing)} Authorization={authorization}")
    return _signature(
        algorithm,
        credential=fields["Credential"],
        signed_headers=fields["SignedHeaders"],
        value=fields["Signature"],
        stamp=stamp,
        expires=None,
        token=headers.get("x-amz-security-token"),
        headers=headers,
    )


@lru_cache(maxsize=256)
def _fields(text: str) -> dict[str, str]:
    """Parse `name=value, ...`; raise ValueError with the malformed part as its text."""
    fields: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals:
            raise ValueError(name)
        fields[name] = value
    return fields


def _from_query(query: str, headers: dict[str, str]) -> Signature:
    fields = dict(_pairs(query))
    missing = [f"'{name}'" for name in _QUERY_REQUIRED if not fields.get(name)]
    if missing:
        advice = "Re-examine the query-string parameters."
        raise SignatureFault(_INCOMPLETE, f"AWS query-string parameters must include {', '.join(missing)}. {advice}")
    expires = fields["X-Amz-Expires"]
    if not expires.isascii() or not expires.isdigit() or not 0 < int(expires[:9]) <= _MAX_EXPIRES:
        raise SignatureFault(_INCOMPLETE, f"X-Amz-Expires must be a number of seconds from 1 to {_MAX_EXPIRES}.")
    return _signature(
        fields.get("X-Amz-Algorithm", ""),
        credential=fields["X-Amz-Credential"],
        signed_headers=fields["X-Amz-SignedHeaders"],
        value=fields["X-Amz-Signature"],
        stamp=fields["X-Amz-Date"],
        expires=int(expires),
        token=fields.get("X-Amz-Security-Token"),
        headers=headers,
    )


def _signature(
    algorithm: str,
    *,
    credential: str,
    signed_headers: str,
    value: str,
    stamp: str,
    expires: int | None,
    token: str | None,
    headers: dict[str, str],
) -> Signature:
    if algorithm != ALGORITHM:
        raise SignatureFault(_INCOMPLETE, f"Unsupported AWS 'algorithm': {algorithm!r}.")
    scope = credential.split("/")
    if len(scope) != 5 or not all(scope):
        form = "keyid/date/region/service/term"
        detail = f"Credential must have exactly 5 slash-delimited elements, e.g. {form}, got {credential!r}"
        raise SignatureFault(_INCOMPLETE, detail)
    if scope[4] != "aws4_request":
        raise SignatureFault(
            _INVALID, f"Credential should be scoped with a valid terminator: 'aws4_request', not {scope[4]!r}."
        )
    if not _is_signature(value):
        raise SignatureFault(_INVALID, _MISMATCH)
    _check_signed(signed_headers.split(";"), headers)
    return Signature(
        access_key_id=scope[0],
        date=scope[1],
        region=scope[2],
        service=scope[3],
        signed_headers=signed_headers,
        value=value,
        timestamp=_instant(stamp)[0],
        expires=expires,
        token=token,
        headers=headers,
    )


def _check_signed(names: list[str], headers: dict[str, str]) -> None:
    if "host" not in names:
        raise SignatureFault(_INVALID, "'Host' must be a 'SignedHeader' in the AWS Authorization.")
    for name in names:
        if name not in headers:
            text = f"{name!r} is named as a SignedHeader, but it does not exist in the HTTP request"
            raise SignatureFault(_INVALID, text)


@lru_cache(maxsize=256)
def _instant(stamp: str) -> tuple[str, int]:
    """Return the time in signed form and in epoch seconds; a `Date` header has the form of RFC 9110, section 5.6.7."""
    try:
        if stamp[:1].isdigit():
            return stamp, timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
        epoch = int(parsedate_to_datetime(stamp).timestamp())
    except (ValueError, OverflowError) as exc:
        text = f"Date must be in ISO-8601 'basic format'. Got {stamp!r}. See http://en.wikipedia.org/wiki/ISO_8601"
        raise SignatureFault(_INCOMPLETE, text) from exc
    return _iso_basic(epoch), epoch


def _iso_basic(epoch: float) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(epoch))


# Checking.


def _check_scope(signature: Signature, region: str, service: str) -> None:
    if signature.region != region:
        raise SignatureFault(_INVALID, f"Credential should be scoped to a valid region, not {signature.region!r}. ")
    if signature.service != service:
        raise SignatureFault(_INVALID, f"Credential should be scoped to correct service: {service!r}. ")
    if signature.date != signature.timestamp[:8]:
        text = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP"
        detail = f"{signature.date!r} != {signature.timestamp[:8]!r}, from {signature.timestamp!r}."
        raise SignatureFault(_INVALID, f"{text}: {detail}")


def _check_time(signature: Signature, now: float) -> None:
    """Check that a signature is neither expired nor from the future; a presigned URL has its own expiry."""
    signed = _instant(signature.timestamp)[1]
    age = CLOCK_SKEW_SECONDS if signature.expires is None else signature.expires
    if signed + age < now:
        allowance = f"{_iso_basic(now)} - {f'{age // 60} min' if age % 60 == 0 else f'{age} sec'}."
        detail = f"{signature.timestamp} is now earlier than {_iso_basic(now - age)} ({allowance})"
        raise SignatureFault(_INVALID, f"Signature expired: {detail}")
    if signed > now + CLOCK_SKEW_SECONDS:
        later = f"{_iso_basic(now + CLOCK_SKEW_SECONDS)} ({_iso_basic(now)} + 5 min.)"
        raise SignatureFault(_INVALID, f"Signature not yet current: {signature.timestamp} is still later than {later}")


@lru_cache(maxsize=1024)
def _trimmed(value: str) -> str:
    return " ".join(value.split())


@lru_cache(maxsize=4096)
def _canonical_path(path: str) -> str:
    """Return the path without `.`, `..` and empty segments, percent-encoded once more."""
    if "/." in path or "//" in path:
        path = _normalized(path)
    return quote(path.encode("latin-1"), safe="/~")


def _normalized(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return f"/{'/'.join(kept)}{'/' if kept and path.endswith('/') else ''}"


def _canonical_query(query: str) -> str:
    encoded = [
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in _pairs(query)
        if name != "X-Amz-Signature"
    ]
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))


def _pairs(query: str) -> list[tuple[str, str]]:
    """Decode a query string; a plus is a space, as in the events of functions."""
    pairs = (part.partition("=") for part in query.replace("+", " ").split("&") if part)
    return [(unquote(name), unquote(value)) for name, _, value in pairs]
