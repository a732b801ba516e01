"""Requests to the embedded AWS that AWS has no API for. They need a secret that only its parent process has.

The secret is not part of the endpoint, which the functions get and the developer sees.
"""

from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from local_aws.errors import EmbeddedAwsFailed

RESOURCE_TYPES_PATH = "/local/resource-types"
"""GET returns the resource types that CloudFormation can create here, as a JSON array."""
ROLES_PATH = "/local/roles"
"""GET returns every role, as a JSON array. IAM's own API would need four calls for each."""
ENFORCE_PATH = "/local/permissions"
"""POST takes the document of `access.enforce`."""
PATHS = frozenset({RESOURCE_TYPES_PATH, ROLES_PATH, ENFORCE_PATH})
PLACEHOLDER_TYPE = "Local::Placeholder"
"""The type of resources that have no effect here. The parent puts it into templates; the process creates it."""
SECRET_HEADER = "X-Local-Secret"  # noqa: S105 - its name

_secrets: dict[str, str] = {}
"""The secrets of the embedded AWSs that this process has started, by endpoint."""


def remember(endpoint: str, secret: str) -> None:
    """Store the secret of an endpoint."""
    _secrets[endpoint] = secret


def forget(endpoint: str) -> None:
    """Delete the secret of an endpoint."""
    _secrets.pop(endpoint, None)


def ask(method: str, endpoint: str, path: str, body: bytes | None = None) -> bytes:
    """Return the body of a response. Waits until the embedded AWS is up.

    Raises:
        EmbeddedAwsFailed: it has ended, or another process has started it.

    """
    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=60)
    try:
        connection.request(method, path, body, {SECRET_HEADER: _secrets.get(endpoint, "")})
        response = connection.getresponse()
        answer = response.read()
    except (OSError, HTTPException) as exc:
        raise EmbeddedAwsFailed("The embedded AWS has ended; see the messages above.") from exc
    finally:
        connection.close()
    if response.status != 200:
        raise EmbeddedAwsFailed(f"The embedded AWS has refused a private request with {response.status}.")
    return answer
