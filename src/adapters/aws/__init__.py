"""Signed HTTPS to AWS for the two hot paths, delivering and reading recipients: what their adapters share.

The SDKs spend 0.8 to 1.2 ms of CPU on a request (docs/performance.md); most of it goes into signing anew what the last
request signed as well, and into layers around the socket. This package signs with the key derived once, and drives the
sockets from the event loop itself.
"""

from adapters.aws.credentials import Credentials, CredentialsProvider, environment_credentials
from adapters.aws.endpoint import Endpoint
from adapters.aws.errors import ConnectionFailed, ResponseMalformed, TransportError
from adapters.aws.exchange import Exchange, Source
from adapters.aws.json_client import JsonClient, ServiceError, ServiceUnreachable
from adapters.aws.opening import Opener
from adapters.aws.pool import Pool
from adapters.aws.response import Response
from adapters.aws.signer import Heading, Signer, Template, percent_encoded

__all__ = [
    "ConnectionFailed",
    "Credentials",
    "CredentialsProvider",
    "Endpoint",
    "Exchange",
    "Heading",
    "JsonClient",
    "Opener",
    "Pool",
    "Response",
    "ResponseMalformed",
    "ServiceError",
    "ServiceUnreachable",
    "Signer",
    "Source",
    "Template",
    "TransportError",
    "environment_credentials",
    "percent_encoded",
]
