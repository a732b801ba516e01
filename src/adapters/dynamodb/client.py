"""What the adapters here have in common: how they reach DynamoDB, and how they fail."""

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
        credentials: whose requests they are.
        url: an endpoint other than the region's own.
        retries: how often a request is repeated that was throttled or met a fault.

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
    """Raise what the core knows in place of what the client raises, with that as its cause."""
    try:
        yield
    except (ServiceError, ServiceUnreachable) as exc:
        raise Unavailable("The chat's table could not be reached.") from exc
