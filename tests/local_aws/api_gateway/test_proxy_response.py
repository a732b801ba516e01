"""Validation of the responses of functions."""

import json
from typing import Any

import pytest

from local_aws.api_gateway.proxy_response import MalformedResponse, parse


def judge(document: Any) -> tuple[int, dict[str, str], str]:
    """Parse a response into a tuple."""
    response = parse(json.dumps(document).encode())
    return response.status, dict(response.headers), response.body


def test_a_status_code_is_enough() -> None:
    """Lambda proxy integrations require only this."""
    assert judge({"statusCode": 200}) == (200, {}, "")


def test_headers_come_from_both_maps_and_by_any_casing() -> None:
    """Functions write `Sec-Websocket-Protocol` as well (1.7)."""
    answer = {
        "statusCode": "201",
        "headers": {"Sec-Websocket-Protocol": "a", "X-N": 1},
        "multiValueHeaders": {"X-M": ["1", "2"], "X-Empty": []},
        "body": None,
        "isBase64Encoded": False,
    }
    assert judge(answer) == (201, {"sec-websocket-protocol": "a", "x-n": "1", "x-m": "2"}, "")


def test_a_body_in_base64_is_decoded() -> None:
    """Frames contain text, so that the decoded body must be text."""
    assert judge({"statusCode": 200, "body": "w6k=", "isBase64Encoded": True})[2] == "é"


@pytest.mark.parametrize(("status", "accepts"), [(200, True), (204, True), (299, True), (301, False), (401, False)])
def test_only_2xx_lets_a_client_connect(status: int, accepts: bool) -> None:
    """Every other status becomes that of the handshake (1.6)."""
    assert parse(json.dumps({"statusCode": status}).encode()).accepts is accepts


@pytest.mark.parametrize(
    "document",
    [
        None, [], "200", 200, {}, {"statusCode": None}, {"statusCode": True}, {"statusCode": 200.0},
        {"statusCode": "ok"}, {"statusCode": 101}, {"statusCode": 600}, {"statusCode": 0},
        {"statusCode": 200, "ConnectionId": "x", "Data": "y"},
        {"statusCode": 200, "body": {"a": 1}}, {"statusCode": 200, "body": 5},
        {"statusCode": 200, "headers": []}, {"statusCode": 200, "headers": {"a": {}}},
        {"statusCode": 200, "headers": {"a": "b\r\nc: d"}}, {"statusCode": 200, "headers": "x"},
        {"statusCode": 200, "multiValueHeaders": {"a": "b"}}, {"statusCode": 200, "isBase64Encoded": "yes"},
        {"statusCode": 200, "body": "/w==", "isBase64Encoded": True},
        {"statusCode": 200, "body": "?", "isBase64Encoded": True},
    ],
    ids=json.dumps,
)  # fmt: skip
def test_everything_else_is_malformed(document: Any) -> None:
    """One unknown key is enough, as a captured exchange shows (2.7)."""
    with pytest.raises(MalformedResponse):
        judge(document)


@pytest.mark.parametrize("answer", [b"", b"{", b"\xff", b"[" * 100_000])
def test_an_answer_that_is_not_json_is_malformed(answer: bytes) -> None:
    """A function's runtime writes JSON; anything else is not a response of a function."""
    with pytest.raises(MalformedResponse):
        parse(answer)
