"""A secret's text, read without an SDK: importing one costs a cold start more than all else that it does."""

import asyncio

from aws_client import CredentialsProvider, JsonClient

TIMEOUT_SECONDS = 5.0
"""All attempts together: a handshake waits, and its function has ten seconds."""


async def read_secret(arn: str, *, region: str, credentials: CredentialsProvider, url: str | None = None) -> bytes:
    """Return the text of a secret's current version, which is the new one as soon as a rotation has ended.

    The connection ends with the call: the next one is minutes away, and the service would not keep it for so long.

    Args:
        arn: the secret's.
        region: where it is, for example `eu-west-1`.
        credentials: whose request it is.
        url: an endpoint other than the region's own.

    Raises:
        ServiceError: it was refused.
        ServiceUnreachable: no answer came.
        TimeoutError: none came in time.
        KeyError: the secret has no text, but bytes.

    """
    # Secrets Manager API reference, GetSecretValue, "Examples": the protocol's version 1.1.
    client = JsonClient(
        service="secretsmanager",
        target="secretsmanager",
        region=region,
        credentials=credentials,
        url=url,
        version="1.1",
    )
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            answer = await client.call("GetSecretValue", {"SecretId": arn})
    finally:
        client.close()
    return str(answer["SecretString"]).encode()
