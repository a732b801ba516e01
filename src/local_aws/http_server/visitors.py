"""Access rules of the loopback listeners, by `Host`, `Origin` and `Sec-Fetch-Site` of a request.

Loopback excludes other machines, but not web pages: a developer's browser sends the requests of any page. A page's own
name can resolve to 127.0.0.1 (DNS rebinding), so that `Host` must name this machine. A page can open WebSockets and
send simple requests to any origin, so that `Origin` must be a page of this machine or missing. Sources: RFC 6454; RFC
6455, section 10.2; W3C, "Fetch Metadata Request Headers".
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
    """The hosts and origins that are accepted besides loopback."""

    hosts: frozenset[str] = frozenset()
    """The names of a listener, in lower case."""
    origins: frozenset[str] = frozenset()
    """Origins of other pages, such as `https://app.example`, in lower case; `*` for all."""

    @classmethod
    def of(cls, *, hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> "Visitors":
        """Create the rules from names in any case."""
        return cls(
            hosts=frozenset(each.lower() for each in hosts),
            origins=frozenset(each.lower().rstrip("/") for each in origins),
        )

    def takes_page(self, request: Request) -> bool:
        """Return whether a request comes from no page, from a page of this machine, or from an allowed page."""
        origins = [value for name, value in request.headers if name.lower() == "origin"]
        return all(self._takes_origin(each) for each in origins)

    def takes_program(self, request: Request) -> bool:
        """Return whether a request comes from no page, or from an allowed page: SDKs send neither header.

        Browsers omit `Origin` from a simple GET, and send its source in `Sec-Fetch-Site`; the value is `none` if a
        person typed the address.
        """
        origin = request.header("Origin")
        if origin is not None:
            return self.has_allowed(origin)
        return request.header("Sec-Fetch-Site") in {None, "none"}

    def has_allowed(self, origin: str) -> bool:
        """Return whether an origin was allowed explicitly."""
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
    """Return the name in a `Host` header without its port, in lower case; empty if it is not valid."""
    try:
        return urlsplit(f"//{value}").hostname or ""
    except ValueError:
        return ""


@lru_cache(maxsize=256)
def is_loopback(name: str) -> bool:
    """Return whether a name or address is loopback regardless of name servers (RFC 6761, section 6.3)."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
