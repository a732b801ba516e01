"""Signature Version 4, compared with the signer of the AWS SDK."""

import random
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local_aws.api_gateway.sigv4 import SignatureFault, canonical_request, read, string_to_sign, verify
from local_aws.authorization import Credential
from local_aws.http_server import Request
from tests.support.signing import KEY, signed

NOW = 1_731_324_924
CREDENTIAL = Credential(secret_access_key=KEY[1])
BASE = "http://127.0.0.1:8080"
URL = f"{BASE}/dev/@connections/L0SM9cOFvHcCIhw%3D"


def check(request: Request, credential: Credential = CREDENTIAL, *, now: float = NOW, **scope: str) -> None:
    """Parse and verify a signature at a given time."""
    scope = {"region": "us-east-1", "service": "execute-api", **scope}
    verify(request, read(request), credential, now=now, **scope)


def fault(request: Request, credential: Credential = CREDENTIAL, **options: Any) -> SignatureFault:
    """Verify a signature that is not valid; return the error."""
    with pytest.raises(SignatureFault) as caught:
        check(request, credential, **options)
    return caught.value


@pytest.mark.parametrize(
    "path",
    [
        "/dev/@connections/L0SM9cOFvHcCIhw%3D",
        "/dev/@connections/L0SM9cOFvHcCIhw=",
        "/dev/%40connections/RYG0LEicPHcFo_A%3D",
        "/dev/%40connections/PJqB0E1tKRcF-Qw%3d",
        "/dev/@connections/a%2Fb~c.d'e(f)*g!h+i",
        "/dev/@connections/%C3%A9%20%25",
        "/dev//@connections/./x/../y/",
        "/dev/",
        "/dev",
        "/",
    ],
)
@pytest.mark.parametrize("query", ["", "?b=2&a=1&a=0&c", "?k=v%20w%2Fx&k~=%C3%A9"])
@pytest.mark.parametrize("expires", [None, 60])
def test_what_the_sdk_signs_is_verified(path: str, query: str, expires: int | None) -> None:
    """The path is encoded once more than in the request line (5.2)."""
    body = b"hello" if expires is None else b""
    check(signed("POST", f"{BASE}{path}{query}", body=body, at=NOW, expires=expires))


@pytest.mark.parametrize("expires", [None, 60])
def test_the_texts_are_those_of_the_sdk_byte_for_byte(expires: int | None) -> None:
    """A developer compares the one in an error message with the client's (5.3)."""
    body = b"hello" if expires is None else b""
    custom = {"X-Custom": "  a   b "}
    request = signed("POST", f"{URL}?z=1&a=%20", headers=custom, body=body, at=NOW, expires=expires)
    signature = read(request)
    ours = canonical_request(request, signature)
    signer: Any = SigV4Auth(Credentials(*KEY), "execute-api", "us-east-1")
    target = request.target.partition("&X-Amz-Signature")[0]
    headers = {name: value for name, value in request.headers if name not in ("Host", "Authorization")}
    theirs = AWSRequest("POST", f"{BASE}{target}", headers=headers, data=body)
    theirs.context["timestamp"] = signature.timestamp
    assert ours == signer.canonical_request(theirs)
    assert string_to_sign(signature, ours) == signer.string_to_sign(theirs, ours)


def test_headers_are_signed_as_the_sdk_signs_them() -> None:
    """Repeated headers are joined, spaces folded, in any order; unsigned headers may change in transit (5.2)."""
    request = signed("GET", URL, headers={"x-b": " 1  2 ", "X-A": "é", "User-Agent": "me"}, at=NOW)
    check(request._replace(headers=tuple(reversed([*request.headers, ("X-Forwarded-For", "1.2.3.4")]))))


def test_a_date_header_stands_in_for_that_of_aws() -> None:
    """The SDK uses it if a request already has one (5.2)."""
    request = signed("GET", URL, headers={"Date": "x"}, at=NOW)
    assert "X-Amz-Date" not in dict(request.headers)
    check(request)


@pytest.mark.parametrize("expires", [None, 60])
def test_temporary_credentials_have_a_token(expires: int | None) -> None:
    """The token must belong to the secret, and must be present (5.2)."""
    temporary = replace(CREDENTIAL, session_token="token/+=")
    request = signed("POST", URL, key=(KEY[0], KEY[1], "token/+="), at=NOW, expires=expires)
    check(request, temporary)
    expected = ("UnrecognizedClientException", "The security token included in the request is invalid.")
    for other in (replace(CREDENTIAL, session_token="another"), CREDENTIAL):
        found = fault(request, other)
        assert (found.kind, found.message) == expected
    assert fault(signed("POST", URL, at=NOW), temporary).kind == expected[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda request: request._replace(body=b"other"),
        lambda request: request._replace(method="DELETE"),
        lambda request: request._replace(target=request.target.replace("L0SM", "L0SN")),
        lambda request: request._replace(target=f"{request.target}?a=b"),
        lambda request: request._replace(headers=(("Host", "elsewhere"), *request.headers[1:])),
    ],
    ids=["body", "method", "path", "query", "host"],
)
def test_a_changed_request_does_not_match_its_signature(change: Any) -> None:
    """The message is AWS's, with the expected canonical request (5.3)."""
    request = change(signed("POST", URL, body=b"hello", at=NOW))
    found = fault(request)
    assert found.kind == "InvalidSignatureException"
    first, _, rest = found.message.partition("\n\n")
    assert first == (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details."
    )
    assert rest.startswith(f"The Canonical String for this request should have been\n'{request.method}\n/dev/")


def test_another_secret_does_not_match() -> None:
    """The signer used another secret (5.3)."""
    assert fault(signed("POST", URL, at=NOW), Credential(secret_access_key="x")).kind == "InvalidSignatureException"


@pytest.mark.parametrize("late", [-300, 0, 300])
def test_clocks_may_differ_by_five_minutes(late: int) -> None:
    """The limit applies to the past and the future (5.3)."""
    check(signed("POST", URL, at=NOW - late))


EXPIRED = "Signature expired: 20241111T113023Z is now earlier than 20241111T113024Z (20241111T113524Z - 5 min.)"
EARLY = "Signature not yet current: 20241111T114025Z is still later than 20241111T114024Z (20241111T113524Z + 5 min.)"


@pytest.mark.parametrize(("late", "message"), [(301, EXPIRED), (-301, EARLY)])
def test_an_old_or_early_signature_is_refused(late: int, message: str) -> None:
    """The message is AWS's (5.3)."""
    found = fault(signed("POST", URL, at=NOW - late))
    assert (found.kind, found.message) == ("InvalidSignatureException", message)


@pytest.mark.parametrize(("age", "refused"), [(3600, False), (3601, True)])
def test_a_presigned_url_says_itself_how_long_it_is_good(age: int, refused: bool) -> None:
    """It may be valid for longer than a header (1.11)."""
    request = signed("GET", f"{BASE}/dev", at=NOW - age, expires=3600)
    if refused:
        assert fault(request).message.startswith("Signature expired: ")
    else:
        check(request)


@pytest.mark.parametrize(("region", "service"), [("eu-west-1", "execute-api"), ("us-east-1", "s3")])
def test_a_signature_for_another_service_is_refused(region: str, service: str) -> None:
    """The scope must be that of this service (5.1)."""
    found = fault(signed("POST", URL, at=NOW, region=region, service=service))
    assert found.kind == "InvalidSignatureException"
    assert "Credential should be scoped to" in found.message


def test_the_scope_and_the_date_have_to_be_of_one_day() -> None:
    """A key is derived for a day (5.3)."""
    request = signed("POST", URL, at=NOW)
    headers = tuple((name, value.replace("/20241111/", "/20241110/")) for name, value in request.headers)
    assert fault(request._replace(headers=headers)).message.endswith(
        "'20241110' != '20241111', from '20241111T113524Z'."
    )


def test_an_unsigned_request_has_no_token() -> None:
    """AWS uses this error code (5.3)."""
    with pytest.raises(SignatureFault) as caught:
        read(Request(method="GET", target="/dev?a=b", headers=(), body=b"", peer=("", 0)))
    assert caught.value.kind == "MissingAuthenticationTokenException"
    assert caught.value.message == "Missing Authentication Token"


HEADER = "AWS4-HMAC-SHA256 Credential=A/20241111/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature="


@pytest.mark.parametrize(
    ("authorization", "date", "kind", "part"),
    [
        ("Bearer abc", "20241111T113524Z", "Incomplete", "'abc' not a valid key=value pair"),
        ("", "20241111T113524Z", "MissingAuthenticationToken", "Missing"),
        ("AWS4-HMAC-SHA256", "20241111T113524Z", "Incomplete", "not a valid key=value pair"),
        ("AWS4-HMAC-SHA256 Credential=A/b", "20241111T113524Z", "Incomplete", "requires 'Signature' parameter"),
        (f"{HEADER}{'a' * 64}", "", "Incomplete", "existence of either a 'X-Amz-Date' or a 'Date' header"),
        (f"{HEADER}{'a' * 64}", "yesterday", "Incomplete", "Date must be in ISO-8601"),
        (f"{HEADER}{'a' * 64}", "2024-11-11", "Incomplete", "Date must be in ISO-8601"),
        (f"{HEADER}{'a' * 63}", "20241111T113524Z", "Invalid", "does not match"),
        (f"{HEADER}{'a' * 64}".replace("4-HMAC", "4-ECDSA"), "20241111T113524Z", "Incomplete", "algorithm"),
        (f"{HEADER}{'a' * 64}".replace("=A/", "="), "20241111T113524Z", "Incomplete", "exactly 5 slash-delimited"),
        (f"{HEADER}{'a' * 64}".replace("/us-east-1/", "//"), "20241111T113524Z", "Incomplete", "slash-delimited"),
        (f"{HEADER}{'a' * 64}".replace("4_request", "3_request"), "20241111T113524Z", "Invalid", "terminator"),
        (f"{HEADER}{'a' * 64}".replace("=host", "=x-amz-date"), "20241111T113524Z", "Invalid", "'Host'"),
        (f"{HEADER}{'a' * 64}".replace("=host", "=host;x"), "20241111T113524Z", "Invalid", "does not exist"),
    ],
)
def test_a_malformed_signature_is_refused(authorization: str, date: str, kind: str, part: str) -> None:
    """The rejection comes before the access key is looked up, and names the mistake (5.3)."""
    headers = (("Host", "x"), ("Authorization", authorization), ("X-Amz-Date", date))
    request = Request(method="GET", target="/dev", headers=headers, body=b"", peer=("", 0))
    with pytest.raises(SignatureFault) as caught:
        read(request)
    assert caught.value.kind.startswith(kind)
    assert part in caught.value.message


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("X-Amz-Credential=", "X-Amz-Other=", "must include 'X-Amz-Credential'"),
        ("X-Amz-Expires=60", "X-Amz-Expires=604801", "X-Amz-Expires"),
        ("X-Amz-Expires=60", "X-Amz-Expires=x", "X-Amz-Expires"),
        ("X-Amz-Expires=60", "X-Amz-Expires=0", "X-Amz-Expires"),
        ("AWS4-HMAC-SHA256", "AWS4", "algorithm"),
    ],
)
def test_a_malformed_presigned_url_is_refused(old: str, new: str, part: str) -> None:
    """It has the same parts as a header, and its validity is limited (1.11)."""
    request = signed("GET", f"{BASE}/dev", at=NOW, expires=60)
    assert part in fault(request._replace(target=request.target.replace(old, new))).message


def test_nothing_but_a_refusal_comes_of_rubbish() -> None:
    """A change without an effect, such as a second `&`, is not an error (5.3)."""
    numbers = random.Random(5)
    for expires in (None, 60):
        request = signed("GET", f"{BASE}/dev?a=b", at=NOW, expires=expires)
        for _ in range(1000):
            damaged = "".join(chr(numbers.randrange(33, 256)) for _ in range(numbers.randrange(1, 4)))
            at = numbers.randrange(1, len(request.target)) if expires else numbers.randrange(200)
            headers = tuple(
                (name, value if name == "Host" or expires else value[:at] + damaged + value[at + 1 :])
                for name, value in request.headers
            )
            target = request.target if expires is None else request.target[:at] + damaged + request.target[at + 1 :]
            with suppress(SignatureFault):
                check(request._replace(headers=headers, target=target))
