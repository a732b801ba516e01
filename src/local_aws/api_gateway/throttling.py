"""Throttling with token buckets: one for the account and one for each route that has a limit.

API Gateway applies its limits on a best-effort basis; here they are exact. A route's bucket is checked before the
account's, so that a flooded route takes no more of the account's limit than its own allows.
"""

import time
from collections.abc import Callable

from local_aws.config import ApiConfig, ThrottleConfig

ACCOUNT_RATE = 10_000.0
ACCOUNT_BURST = 5_000
NEW_CONNECTIONS = 500
"""API Gateway quotas: requests per second of all APIs of an account, their @connections APIs included; the burst; and
new connections per second."""


class TokenBucket:
    """Holds up to `burst` tokens and receives `rate` tokens per second. It starts full."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, *, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = now

    def take(self, now: float) -> bool:
        """Take a token for a request at `now`, in seconds of a monotonic clock; return False if none is left."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class AccountThrottle:
    """The limits of an account; gateways that are given the same instance share them."""

    def __init__(
        self,
        *,
        rate: float = ACCOUNT_RATE,
        burst: int = ACCOUNT_BURST,
        new_connections: int = NEW_CONNECTIONS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Set limits per second; `clock` is monotonic and in seconds."""
        self.rate = rate
        self.burst = burst
        self.clock = clock
        now = clock()
        self._requests = TokenBucket(rate=rate, burst=burst, now=now)
        # The quota is only a rate: the connections of one second may arrive at once.
        self._connections = TokenBucket(rate=new_connections, burst=new_connections, now=now)

    def admits_request(self) -> bool:
        """Count a request of any kind: a handshake, a message or a call of a management API."""
        return self._requests.take(self.clock())

    def admits_connection(self) -> bool:
        """Count a new connection."""
        return self._connections.take(self.clock())


class Throttle:
    """The limits of one stage and of its account."""

    def __init__(self, api: ApiConfig, account: AccountThrottle) -> None:
        self._api = api
        self._account = account
        self._buckets: dict[str, TokenBucket | None] = {}

    def admits(self, route_key: str) -> bool:
        """Count a request to a route; return False if it exceeds the limit of the route or of the account."""
        bucket = self._bucket(route_key)
        return (bucket is None or bucket.take(self._account.clock())) and self._account.admits_request()

    def admits_handshake(self) -> bool:
        """Count a new connection and its request to `$connect`."""
        return self.admits("$connect") and self._account.admits_connection()

    def _bucket(self, route_key: str) -> TokenBucket | None:
        """Return the bucket of a route; None if only the account's limit applies."""
        if route_key not in self._buckets:
            self._buckets[route_key] = self._new_bucket(route_key)
        return self._buckets[route_key]

    def _new_bucket(self, route_key: str) -> TokenBucket | None:
        wide = self._api.default_throttle
        narrow = self._api.route_throttles.get(route_key, ThrottleConfig())
        rate = wide.rate if narrow.rate is None else narrow.rate
        burst = wide.burst if narrow.burst is None else narrow.burst
        if rate is None and burst is None:
            return None
        account = self._account
        return TokenBucket(
            rate=account.rate if rate is None else rate,
            burst=account.burst if burst is None else burst,
            now=account.clock(),
        )
