"""Requests passed on to another DynamoDB."""

import json
import socket

from local_aws.moto_server.reverse_proxy import Forwarder

REQUEST = {"REQUEST_METHOD": "POST", "PATH_INFO": "/"}
HEADERS = {
    "authorization": "AWS4-HMAC-SHA256 Credential=ASIAFUNCTION/20260101/us-east-1/dynamodb/aws4_request, Signature=0",
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": "DynamoDB_20120810.ListTables",
    "host": "elsewhere",
    "content-length": "999",
}


def test_the_other_dynamodb_answers(moto_endpoint: str) -> None:
    """Again and again, on one connection."""
    forwarder = Forwarder(moto_endpoint)
    for _ in range(2):
        answer = forwarder.answer(REQUEST, HEADERS, b"{}")
        assert answer.status.startswith("200 ")
        assert "TableNames" in json.loads(answer.body)
    forwarder.close()


def test_an_error_of_the_other_one_is_passed_on(moto_endpoint: str) -> None:
    """With its status."""
    forwarder = Forwarder(moto_endpoint)
    headers = HEADERS | {"x-amz-target": "DynamoDB_20120810.DescribeTable"}
    answer = forwarder.answer(REQUEST, headers, b'{"TableName":"nowhere"}')
    forwarder.close()
    assert answer.status.startswith("400 ")
    assert "ResourceNotFoundException" in json.loads(answer.body)["__type"]


def test_one_that_does_not_answer_is_unavailable() -> None:
    """SDKs try again then, as they do with DynamoDB itself."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    answer = Forwarder(f"http://127.0.0.1:{port}").answer(REQUEST, HEADERS, b"{}")
    assert answer.status == "503 Service Unavailable"
    assert json.loads(answer.body)["__type"].endswith("ServiceUnavailableException")
