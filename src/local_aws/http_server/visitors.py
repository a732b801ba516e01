"""Whom the listeners on loopback answer, by the `Host`, `Origin` and `Sec-Fetch-Site` of a request.

Loopback keeps other machines out, and no web page: the developer's browser sends what a page of anybody's asks it to.
A page can have its own name resolve to 127.0.0.1 (DNS rebinding), so that a request has to name this machine. A page
can open WebSockets and send simple requests to any origin, so that a request has to come from a page of this machine,
or from none. Sources: RFC 6454; RFC 6455, section 10.2; W3C, "Fetch Metadata Request Headers".
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from local_aws.http_server.messages import Request

ANY = "*"


@dataclass(frozen=True, kw_only=True)
class Visitors:
    """Who is answered besides loopback."""

    hosts: frozenset[str] = frozenset()
    """Names of a listener's own, in lower case."""
    origins: frozenset[str] = frozenset()
    """Origins of pages elsewhere, such as `https://app.example`, in lower case; `*` for all."""

    @classmethod
    def of(cls, *, hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> "Visitors":
        """Return them in whatever casing they were named."""
        return cls(
            hosts=frozenset(each.lower() for each in hosts),
            origins=frozenset(each.lower().rstrip("/") for each in origins),
        )

    def takes_page(self, request: Request) -> bool:
        """Tell whether a request comes from no page, from one of this machine, or from one that was allowed."""
        origins = [value for name, value in request.headers if name.lower() == "origin"]
        return all(self._takes_origin(each) for each in origins)

    def takes_program(self, request: Request) -> bool:
        """Tell whether a request comes from no page, or from one that was allowed: SDKs send none of these headers.

        Browsers leave `Origin` out of a simple GET, and tell by `Sec-Fetch-Site` where it comes from; `none` is what a
        person has typed into the address bar.
        """
        origin = request.header("Origin")
        if origin is not None:
            return self.has_allowed(origin)
        return request.header("Sec-Fetch-Site") in {None, "none"}

    def has_allowed(self, origin: str) -> bool:
        """Tell whether an origin is among those that were named."""
        return ANY in self.origins or origin.lower() in self.origins

    def _takes_origin(self, origin: str) -> bool:
        if self.has_allowed(origin):
            return True
        try:
            parts = urlsplit(origin)
            name = parts.hostname or ""
        except ValueError:
            return False
        return parts.scheme in {"http", "https"} and (name in self.hosts or is_loopback(name))


NOBODY_ELSE = Visitors()


def host_of(value: str) -> str:
    """Return the name in a `Host` header without its port, in lower case; empty where it is none."""
    try:
        return urlsplit(f"//{value}").hostname or ""
    except ValueError:
        return ""


@lru_cache(maxsize=256)
def is_loopback(name: str) -> bool:
    """Tell whether a name or address is this machine's whatever a name server says (RFC 6761, section 6.3)."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
