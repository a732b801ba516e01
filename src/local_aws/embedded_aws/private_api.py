"""Questions to the embedded cloud that AWS has no API for, asked with the secret that whoever started it has.

The secret stays here and out of the endpoint, which the functions are told and the developer is shown.
"""

from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from local_aws.errors import EmbeddedAwsFailed

RESOURCE_TYPES_PATH = "/local/resource-types"
"""GET answers with the resource types that CloudFormation can create here, as a JSON array."""
ROLES_PATH = "/local/roles"
"""GET answers with every role, as a JSON array. IAM's own API would take four calls for each."""
ENFORCE_PATH = "/local/permissions"
"""POST takes what `access.enforce` sends."""
PATHS = frozenset({RESOURCE_TYPES_PATH, ROLES_PATH, ENFORCE_PATH})
PLACEHOLDER_TYPE = "Local::Placeholder"
"""The type of resources that have no effect here. The parent puts it into templates; the process creates it."""
SECRET_HEADER = "X-Local-Secret"  # noqa: S105 - its name

_secrets: dict[str, str] = {}
"""Those of the clouds that this process has started, by endpoint."""


def remember(endpoint: str, secret: str) -> None:
    """Take the secret of a cloud that was started."""
    _secrets[endpoint] = secret


def forget(endpoint: str) -> None:
    """Drop the secret of a cloud that has ended."""
    _secrets.pop(endpoint, None)


def ask(method: str, endpoint: str, path: str, body: bytes | None = None) -> bytes:
    """Return the answer to a question, once the cloud is up.

    Raises:
        EmbeddedAwsFailed: it has ended, or is another process's.

    """
    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=60)
    try:
        connection.request(method, path, body, {SECRET_HEADER: _secrets.get(endpoint, "")})
        response = connection.getresponse()
        answer = response.read()
    except (OSError, HTTPException) as exc:
        raise EmbeddedAwsFailed("The embedded cloud has ended; see the messages above.") from exc
    finally:
        connection.close()
    if response.status != 200:
        raise EmbeddedAwsFailed(f"The embedded cloud has refused a question with {response.status}.")
    return answer
