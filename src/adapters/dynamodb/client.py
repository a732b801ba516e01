"""What the adapters here share: the client of DynamoDB, and the translation of its errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aws_client import CredentialsProvider, JsonClient, ServiceError, ServiceUnreachable
from chat_core.errors import Unavailable

CONDITION_FAILED: Final = "ConditionalCheckFailedException"
"""The code of a write whose condition does not hold (DynamoDB API reference, `UpdateItem`, "Errors")."""


def dynamodb_client(
    *, region: str, credentials: CredentialsProvider, url: str | None = None, retries: int = 3
) -> JsonClient:
    """Return a client of DynamoDB; nothing is sent before the first call.

    Args:
        region: where the table is, for example `eu-west-1`.
        credentials: sign the requests.
        url: an endpoint other than the region's own.
        retries: how often a request is repeated after throttling or a transient fault.

    """
    return JsonClient(
        service="dynamodb",
        target="DynamoDB_20120810",
        region=region,
        credentials=credentials,
        url=url,
        retries=retries,
    )


@contextmanager
def faults_as_unavailable() -> Iterator[None]:
    """Raise `Unavailable` instead of the client's errors, which become its cause."""
    try:
        yield
    except (ServiceError, ServiceUnreachable) as exc:
        raise Unavailable("The chat's table could not be reached.") from exc
