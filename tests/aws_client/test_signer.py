"""Our signatures equal botocore's, byte for byte."""

import datetime
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aws_client import Credentials, Signer, percent_encoded

MOMENT = 1_795_000_000
HOST = "abc123.execute-api.eu-west-1.amazonaws.com"


def botocore_headers(url: str, body: bytes, headers: dict[str, str], credentials: Credentials, at: float) -> Any:
    """Sign with botocore at the given time."""
    request = AWSRequest(method="POST", url=url, data=body, headers=headers)
    signer = SigV4Auth(
        BotocoreCredentials(credentials.access_key_id, credentials.secret_access_key, credentials.session_token),
        "execute-api",
        "eu-west-1",
    )
    moment = datetime.datetime.fromtimestamp(int(at), datetime.UTC)
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
        signer.add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


def our_headers(path: str, body: bytes, headers: dict[str, str], credentials: Credentials, at: float) -> Any:
    """Sign with our signer."""
    signer = Signer(
        service="execute-api", region="eu-west-1", host=HOST, credentials=lambda: credentials, clock=lambda: at
    )
    request_signer = signer.for_payload(body, headers)
    signature = request_signer.sign(percent_encoded(path, safe="/"), 0.0)
    return dict(line.split(": ", 1) for line in (request_signer.header_block.lines + signature).decode().split("\r\n"))


PRINTABLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60)


@settings(max_examples=300, deadline=None)
@given(
    connection_id=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    body=st.binary(max_size=200),
    key=PRINTABLE,
    secret=PRINTABLE,
    token=st.none() | PRINTABLE,
    at=st.integers(min_value=0, max_value=4_000_000_000),
    target=st.booleans(),
)
def test_signature_is_the_one_that_botocore_makes(  # noqa: PLR0917  hypothesis fills them in
    connection_id: str, body: bytes, key: str, secret: str, token: str | None, at: int, target: bool
) -> None:
    """They are equal for any id, body, credentials and time, with and without DynamoDB's headers."""
    # botocore removes these segments from the path before it signs; the path that is sent has them.
    assume(connection_id not in {".", ".."})
    credentials = Credentials(key, secret, token)
    extra = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.Query"} if target else {}
    path = f"/dev/@connections/{percent_encoded(connection_id).decode()}"
    theirs = botocore_headers(f"https://{HOST}{path}", body, dict(extra), credentials, at)
    ours = our_headers(path, body, extra, credentials, at)
    assert ours["authorization"] == theirs["authorization"]
    assert ours["x-amz-date"] == theirs["x-amz-date"]
    assert ours.get("x-amz-security-token") == theirs.get("x-amz-security-token")


@pytest.mark.parametrize("connection_id", ["L0SM9cOFvHcCIhw=", "a b", "ü/🖖", "%41", "..", "~-_.", "===", "a=b"])
def test_path_is_encoded_as_botocore_sends_it(connection_id: str) -> None:
    """Any connection id is a single segment of the path."""
    import boto3

    sent: list[str] = []

    def stop(request: AWSRequest, **_kwargs: object) -> None:
        sent.append(request.url)
        raise InterruptedError

    client = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=f"https://{HOST}/dev",
        region_name="eu-west-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    client.meta.events.register("before-send", stop)
    with pytest.raises(InterruptedError):
        client.post_to_connection(ConnectionId=connection_id, Data=b"x")
    assert sent == [f"https://{HOST}/dev/@connections/{percent_encoded(connection_id).decode()}"]


def authorizations(signer: Signer, clock: list[float], moments: list[float]) -> list[str]:
    request_signer = signer.for_payload(b"x")
    found = []
    for moment in moments:
        clock[0] = moment
        request_signer.sign(b"/", moment)
        found.append(request_signer.header_block.authorization.decode().split("Credential=")[1].split(",")[0])
    return found


def signer_at(clock: list[float], credentials: Callable[[], Credentials]) -> Signer:
    return Signer(service="execute-api", region="eu-west-1", host=HOST, credentials=credentials, clock=lambda: clock[0])


def test_key_changes_at_midnight() -> None:
    """The key is derived for a day in UTC; a delivery under way continues with the new key."""
    clock = [0.0]
    signer = signer_at(clock, lambda: Credentials("AKID", "secret"))
    before = datetime.datetime(2026, 11, 23, 23, 59, 59, tzinfo=datetime.UTC).timestamp()
    assert authorizations(signer, clock, [before, before + 1]) == [
        "AKID/20261123/eu-west-1/execute-api/aws4_request",
        "AKID/20261124/eu-west-1/execute-api/aws4_request",
    ]


def test_refreshed_credentials_are_used_within_a_second() -> None:
    """The credentials may change while one payload is being delivered."""
    clock = [float(MOMENT)]
    keys = iter(["OLD", "NEW"])
    signer = signer_at(clock, lambda: Credentials(next(keys), "secret"))
    found = authorizations(signer, clock, [MOMENT, MOMENT + 0.9, MOMENT + 1.1])
    assert [each.split("/")[0] for each in found] == ["OLD", "OLD", "NEW"]


def test_clock_that_is_wrong_is_corrected_from_the_refusal() -> None:
    """API Gateway accepts signatures that are at most five minutes old."""
    signer = signer_at([float(MOMENT)], lambda: Credentials("AKID", "secret"))
    theirs = int(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC).timestamp())
    assert signer.correct_clock("Thu, 01 Jan 2026 00:00:00 GMT", MOMENT)
    assert signer.now() == theirs
    # Signed before that, answered after it.
    assert signer.correct_clock("Thu, 01 Jan 2026 00:00:01 GMT", MOMENT)
    assert not signer.correct_clock("Thu, 01 Jan 2026 00:01:00 GMT", theirs)
    assert not signer.correct_clock("not a date", theirs)


@pytest.mark.parametrize(
    "date",
    [
        "",
        "not a date",
        "Mon, 23 Nov 99999999999 07:24:27 GMT",
        "Mon, 23 Nov 2026 07:24:27 +99999999999999999999",
        "Mon, ²3 Nov 2026 07:24:27 GMT",
        "Mon, 23 Nov 2026 07:24:27 +" + "9" * 5_000,
    ],
)
def test_no_date_that_a_server_may_send_is_an_exception(date: str) -> None:
    """It would reach the loop, and the caller would wait for ever."""
    signer = Signer(service="dynamodb", region="us-east-1", host="h", credentials=lambda: Credentials("A", "s"))
    signer.correct_clock(date, 1_795_418_667)
