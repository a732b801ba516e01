"""Redirects requests for an API's address, `https://{api}.execute-api.{region}.amazonaws.com`, to this machine.

Handlers like those of AWS's samples build the address of the management API from the event. See
docs/decisions/0002-handlers-that-build-the-endpoint.md.
"""

from local_aws.tls_proxy.authority import Authority
from local_aws.tls_proxy.proxy import Interceptor

__all__ = ["Authority", "Interceptor"]
