"""Queues on moto."""

import uuid
from typing import Any

import boto3

from aws_client import Credentials, JsonClient, sqs_client


def client(endpoint: str) -> Any:
    """Return the SDK's client for the endpoint."""
    return boto3.client(
        "sqs", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="AKID", aws_secret_access_key="x"
    )


def direct_client(endpoint: str) -> JsonClient:
    """Return a client of `aws_client` for the endpoint."""
    return sqs_client(region="us-east-1", credentials=lambda: Credentials("AKID", "secret"), url=endpoint)


def create_queue(endpoint: str) -> str:
    """Create a queue; return its URL."""
    url: str = client(endpoint).create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    return url


def take_all(endpoint: str, url: str) -> list[str]:
    """Return the bodies of all messages in the queue, and delete them."""
    api = client(endpoint)
    bodies: list[str] = []
    while messages := api.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for each in messages:
            api.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
            bodies.append(each["Body"])
    return bodies
