"""Forwards requests to another DynamoDB instead of moto's.

Requests pass here so that permissions are checked, and with one access key: DynamoDB Local has separate tables for each
access key.
"""

import json
import re
import threading
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from local_aws.embedded_aws.clients import ACCESS_KEY_ID
from local_aws.moto_server.access_denied import Answer

_KEY = re.compile(r"(?<=Credential=)[^/]+")
_OF_THE_CONNECTION = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}
_TIMEOUT_SECONDS = 60.0


class Forwarder:
    """Forwards requests to one endpoint, over one connection per thread."""

    def __init__(self, endpoint: str) -> None:
        self._url = urlsplit(endpoint)
        self._connections = threading.local()

    def answer(self, environ: Mapping[str, Any], headers: Mapping[str, str], body: bytes) -> Answer:
        """Return the response of the other DynamoDB.

        Args:
            environ: The request, in the form of WSGI.
            headers: Its headers, with names in lower case.
            body: Its body.

        """
        kept = {name: value for name, value in headers.items() if name not in _OF_THE_CONNECTION}
        kept["authorization"] = _KEY.sub(ACCESS_KEY_ID, kept.get("authorization", ""))
        path = (self._url.path.rstrip("/") + environ["PATH_INFO"]) or "/"
        try:
            return self._exchange(environ["REQUEST_METHOD"], path, body, kept)
        except (OSError, HTTPException) as exc:
            document = {"__type": "com.amazon.coral.service#ServiceUnavailableException", "message": str(exc)}
            return Answer(
                "503 Service Unavailable", [("Content-Type", "application/json")], json.dumps(document).encode()
            )

    def close(self) -> None:
        """Close the connection of this thread. Those of other threads close when the threads end."""
        connection: HTTPConnection | None = getattr(self._connections, "open", None)
        if connection is not None:
            connection.close()

    def _exchange(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        connection: HTTPConnection | None = getattr(self._connections, "open", None)
        if connection is not None:
            try:
                return self._ask(connection, method, path, body, headers)
            except (OSError, HTTPException):
                # The server may have closed the idle connection before it read the request.
                connection.close()
        secure = self._url.scheme == "https"
        connection = (HTTPSConnection if secure else HTTPConnection)(self._url.netloc, timeout=_TIMEOUT_SECONDS)
        self._connections.open = connection
        return self._ask(connection, method, path, body, headers)

    def _ask(
        self, connection: HTTPConnection, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        content = response.read()
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in _OF_THE_CONNECTION]
        return Answer(f"{response.status} {response.reason}", kept, content)
