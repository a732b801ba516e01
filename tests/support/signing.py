"""Requests signed by the AWS SDK's signer."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local_aws.http_server import Request

KEY = ("AKIAEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None)
"""An access key id, its secret and no session token."""

Key = tuple[str, str, str | None]


def signed(
    method: str,
    url: str,
    *,
    key: Key = KEY,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    region: str = "us-east-1",
    service: str = "execute-api",
    at: float | None = None,
    expires: int | None = None,
) -> Request:
    """Return a request as a server gets it, signed in a header, or in its query where `expires` says for how long.

    Args:
        method: The method.
        url: With scheme and host; its path is what is on the wire.
        key: The credentials.
        headers: Those to send besides.
        body: The body.
        region: The region of the scope.
        service: The service of the scope.
        at: When it is signed, in epoch seconds; now where it is None.
        expires: Seconds that a presigned URL is good for.

    """
    request = AWSRequest(method, url, headers=headers or {}, data=body)
    credentials = Credentials(*key)
    signer: Any = (
        SigV4Auth(credentials, service, region)
        if expires is None
        else SigV4QueryAuth(credentials, service, region, expires=expires)
    )
    with _clock(at):
        signer.add_auth(request)
    parts = urlsplit(request.url)
    sent = [("Host", parts.netloc), *request.headers.items()]
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path
    pairs = tuple((name, str(value)) for name, value in sent)
    return Request(method=method, target=target, headers=pairs, body=body, peer=("127.0.0.1", 1))


@contextmanager
def _clock(at: float | None) -> Iterator[None]:
    """Make the signer use another time."""
    if at is None:
        yield
        return
    moment = datetime.datetime.fromtimestamp(at, datetime.UTC).replace(tzinfo=None)
    with patch("botocore.auth.get_current_datetime", return_value=moment):
        yield
