"""Signed HTTPS to AWS for the two hot paths, delivering and reading recipients: what their adapters share.

The SDKs spend 0.8 to 1.2 ms of CPU on a request (docs/performance.md); most of it goes into signing anew what the last
request signed as well, and into layers around the socket. This package signs with the key derived once, and drives the
sockets from the event loop itself.
"""

from aws_client.connector import Connector
from aws_client.credentials import Credentials, CredentialsProvider, environment_credentials
from aws_client.endpoint import Endpoint
from aws_client.errors import ConnectionFailed, ResponseMalformed, TransportError
from aws_client.json_client import JsonClient, ServiceError, ServiceUnreachable
from aws_client.pool import Pool
from aws_client.response import Response
from aws_client.signer import HeaderBlock, RequestSigner, Signer, percent_encoded
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
    "sqs_client",
]
