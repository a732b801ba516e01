"""Secrets, read from a Secrets Manager that works and from one that does not."""

from collections.abc import Iterator

import boto3
import pytest

from adapters.secretsmanager import read_secret
from aws_client import Credentials, ServiceError, ServiceUnreachable
from local_aws.http_server import Request, Response, serve


@pytest.fixture
def arn(moto_endpoint: str) -> Iterator[str]:
    """Make a secret whose text is not ASCII."""
    client = boto3.client("secretsmanager", endpoint_url=moto_endpoint, region_name="us-east-1")
    made = client.create_secret(Name="tokens", SecretString="naïve")["ARN"]
    yield made
    client.delete_secret(SecretId=made, ForceDeleteWithoutRecovery=True)
    client.close()


async def read(arn: str, *, url: str) -> bytes:
    return await read_secret(arn, region="us-east-1", credentials=lambda: Credentials("AKID", "secret"), url=url)


async def test_secret_is_read_as_it_was_rotated(arn: str, moto_endpoint: str) -> None:
    """The current version counts, from the first read after the rotation on."""
    assert await read(arn, url=moto_endpoint) == "naïve".encode()
    client = boto3.client("secretsmanager", endpoint_url=moto_endpoint, region_name="us-east-1")
    client.put_secret_value(SecretId=arn, SecretString="another")
    client.close()
    assert await read(arn, url=moto_endpoint) == b"another"


async def test_secret_that_is_not_there_is_named_as_the_service_does(moto_endpoint: str) -> None:
    """For the log, where somebody has to find out."""
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        await read("nothing", url=moto_endpoint)


async def test_secret_of_bytes_is_no_text(moto_endpoint: str) -> None:
    """What a token is signed with is typed, or generated as text."""
    client = boto3.client("secretsmanager", endpoint_url=moto_endpoint, region_name="us-east-1")
    made = client.create_secret(Name="bytes", SecretBinary=b"\0")["ARN"]
    with pytest.raises(KeyError, match="SecretString"):
        await read(made, url=moto_endpoint)
    client.delete_secret(SecretId=made, ForceDeleteWithoutRecovery=True)
    client.close()


async def test_request_is_what_the_service_expects() -> None:
    """The version of the protocol is 1.1, unlike DynamoDB's."""
    received: list[Request] = []

    async def answer(request: Request) -> Response:
        received.append(request)
        return Response(status=200, body=b'{"SecretString": "x"}')

    server = await serve(answer, port=0)
    assert await read("arn", url=f"http://127.0.0.1:{server.port}") == b"x"
    server.close()
    headers = {name.lower(): value for name, value in received[0].headers}
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert headers["x-amz-target"] == "secretsmanager.GetSecretValue"
    assert "/us-east-1/secretsmanager/aws4_request" in headers["authorization"]
    assert received[0].body == b'{"SecretId":"arn"}'


async def test_service_that_is_not_there_is_tried_again_and_given_up() -> None:
    """Nothing listens on the discard port."""
    with pytest.raises(ServiceUnreachable):
        await read("arn", url="http://127.0.0.1:9")


async def test_service_that_does_not_answer_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the function's own time is over, which would end in no clear line at all."""
    import asyncio

    from adapters.secretsmanager import secret

    monkeypatch.setattr(secret, "TIMEOUT_SECONDS", 0.1)
    hung = asyncio.Event()

    async def answer(_: Request) -> Response:
        await hung.wait()
        return Response(status=500)

    server = await serve(answer, port=0)
    with pytest.raises(TimeoutError):
        await read("arn", url=f"http://127.0.0.1:{server.port}")
    hung.set()
    server.close()
