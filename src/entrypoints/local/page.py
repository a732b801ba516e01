"""Serves the chat page from disk, with the URL of the WebSocket API."""

import json
import mimetypes
from pathlib import Path
from urllib.parse import unquote

from local_aws.http_server import NOBODY_ELSE, HttpServer, Request, Response, Visitors, message_response, serve

SECURITY_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    # An edit of the page is visible at the next load.
    ("Cache-Control", "no-cache"),
)


class Page:
    """Serves the files of a folder, and `config.json`, which a deploy would add.

    Args:
        folder: the folder. Files outside of it, and its dot files, are never served.
        socket_url: the URL that the page connects to, `ws://...`.
        visitors: has the `hosts` that are accepted besides the names of loopback.

    """

    def __init__(self, *, folder: Path, socket_url: str, visitors: Visitors = NOBODY_ELSE) -> None:
        self._folder = folder.resolve()
        self._socket_url = socket_url
        self._visitors = visitors

    async def serve(self, *, port: int) -> HttpServer:
        """Listen on loopback.

        Raises:
            OSError: the port is taken.

        """
        return await serve(self.answer, port=port, visitors=self._visitors)

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        if request.method not in {"GET", "HEAD"}:
            return message_response(405, "Method Not Allowed", ("Allow", "GET, HEAD"))
        path = unquote(request.path).lstrip("/") or "index.html"
        if path == "config.json":
            return self._response(json.dumps({"url": self._socket_url}).encode(), "application/json")
        file = self._find(path)
        if file is None:
            return message_response(404, "Not Found")
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return self._response(file.read_bytes(), kind)

    def _find(self, path: str) -> Path | None:
        if "\0" in path or any(part.startswith(".") for part in path.split("/")):
            return None
        try:
            file = (self._folder / path).resolve()
            return file if file.is_file() and file.is_relative_to(self._folder) else None
        except OSError:
            # The name is longer than the system allows.
            return None

    def _response(self, body: bytes, kind: str) -> Response:
        textual = kind.startswith("text/") or kind in {"application/json", "application/javascript"}
        content_type = ("Content-Type", f"{kind}; charset=utf-8" if textual else kind)
        return Response(status=200, body=body, headers=(content_type, self._policy(), *SECURITY_HEADERS))

    def _policy(self) -> tuple[str, str]:
        scheme, _, rest = self._socket_url.partition("://")
        origin = f"{scheme}://{rest.partition('/')[0]}"
        return ("Content-Security-Policy", f"default-src 'self'; connect-src 'self' {origin}; frame-ancestors 'none'")
