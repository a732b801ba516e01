"""The text of a secret, read without an SDK: the import of one would be the largest part of the cold start."""

import asyncio

from aws_client import CredentialsProvider, JsonClient

TIMEOUT_SECONDS = 5.0
"""For all attempts together: a handshake waits, and the function of the authorizer has ten seconds."""


async def read_secret(arn: str, *, region: str, credentials: CredentialsProvider, url: str | None = None) -> bytes:
    """Return the text of the current version of a secret: the new version as soon as a rotation has ended.

    The connection is closed after the call. The next call comes minutes later, and the service would not keep it open.

    Args:
        arn: the ARN of the secret.
        region: its region, for example `eu-west-1`.
        credentials: sign the request.
        url: an endpoint other than the region's own.

    Raises:
        ServiceError: the service refused the request.
        ServiceUnreachable: no response came.
        TimeoutError: no response came in time.
        KeyError: the secret holds bytes, not text.

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
