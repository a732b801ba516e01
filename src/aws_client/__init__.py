"""A signed HTTPS client for AWS services, for the adapters on the two hot paths: delivering and reading recipients.

An SDK spends most of a request's CPU time (docs/performance.md) on signing again what the previous request signed too,
and on layers around the socket. This package derives the signing key once, and drives the sockets directly from the
event loop.
"""

from aws_client.connector import Connector
from aws_client.credentials import Credentials, CredentialsProvider, environment_credentials
from aws_client.endpoint import Endpoint
from aws_client.errors import ConnectionFailed, ResponseMalformed, TransportError
from aws_client.json_client import JsonClient, ServiceError, ServiceUnreachable
from aws_client.pool import Pool
from aws_client.response import Response
from aws_client.signer import HeaderBlock, RequestSigner, Signer, percent_encoded, signing_key
from aws_client.source import Gate, PendingRequest, Source
from aws_client.sqs import sqs_client

__all__ = [
    "ConnectionFailed",
    "Connector",
    "Credentials",
    "CredentialsProvider",
    "Endpoint",
    "Gate",
    "HeaderBlock",
    "JsonClient",
    "PendingRequest",
    "Pool",
    "RequestSigner",
    "Response",
    "ResponseMalformed",
    "ServiceError",
    "ServiceUnreachable",
    "Signer",
    "Source",
    "TransportError",
    "environment_credentials",
    "percent_encoded",
    "signing_key",
    "sqs_client",
]
