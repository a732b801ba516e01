"""Amazon SQS, by its JSON protocol."""

from aws_client.credentials import CredentialsProvider
from aws_client.json_client import JsonClient


def sqs_client(*, region: str, credentials: CredentialsProvider, url: str | None = None) -> JsonClient:
    """Return a client of SQS; `url` is an endpoint other than the region's own."""
    return JsonClient(service="sqs", target="AmazonSQS", region=region, credentials=credentials, url=url)
