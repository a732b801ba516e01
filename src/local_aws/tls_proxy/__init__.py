"""Requests to an API's own address, `https://{api}.execute-api.{region}.amazonaws.com`, kept on this machine.

Handlers in the manner of AWS's samples build the management API's address from the event. See
docs/decisions/0002-handlers-that-build-the-endpoint.md.
"""

from local_aws.tls_proxy.authority import Authority
from local_aws.tls_proxy.proxy import Interceptor

__all__ = ["Authority", "Interceptor"]
