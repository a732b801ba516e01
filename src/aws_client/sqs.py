"""A client of Amazon SQS, over its JSON protocol."""

from aws_client.credentials import CredentialsProvider
from aws_client.json_client import JsonClient


def sqs_client(*, region: str, credentials: CredentialsProvider, url: str | None = None) -> JsonClient:
    """Return a client of SQS; `url` replaces the region's endpoint."""
    return JsonClient(service="sqs", target="AmazonSQS", region=region, credentials=credentials, url=url)
