"""The server that requests are sent to."""

import ssl
from dataclasses import dataclass
from functools import cached_property
from typing import Self
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Endpoint:
    """The scheme, host and port of a service, and a prefix for the paths of its requests."""

    host: str
    port: int
    tls: bool
    path: str = ""
    """The prefix, without a trailing slash."""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the endpoint at an `http` or `https` URL.

        Raises:
            ValueError: the URL has another scheme or no host.

        """
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(f"Not an http or https URL: {url!r}")
        return cls(
            host=parts.hostname,
            port=parts.port or _PORTS[parts.scheme],
            tls=parts.scheme == "https",
            path=parts.path.rstrip("/"),
        )

    @cached_property
    def host_header(self) -> str:
        """The `Host` header; it has the port only if that is not the scheme's default (RFC 9110, section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.tls else "http"] else f"{host}:{self.port}"

    @cached_property
    def tls_context(self) -> ssl.SSLContext | None:
        """The context that verifies the server's certificate; None for `http`. Made once: loading the roots is slow."""
        if not self.tls:
            return None
        context = ssl.create_default_context()
        # The server chooses (RFC 7301): one without HTTP/2 chooses HTTP/1.1, or nothing.
        context.set_alpn_protocols(["h2", "http/1.1"])
        return context
