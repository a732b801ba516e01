"""Adapters on Amazon DynamoDB, all in one table (`adapters.dynamodb.table`).

Each name is imported when it is first used: a function pays in its cold start for the adapters that it needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from adapters.dynamodb.audience import DynamoDBAudience
    from adapters.dynamodb.client import dynamodb_client
    from adapters.dynamodb.presence import DynamoDBPresence
    from adapters.dynamodb.rate_limiter import DynamoDBRateLimiter
    from adapters.dynamodb.room_feed import DynamoDBRoomFeed
    from adapters.dynamodb.room_history import DynamoDBRoomHistory
    from adapters.dynamodb.sessions import DynamoDBSessions
    from adapters.dynamodb.subscriptions import DynamoDBSubscriptions

__all__ = [
    "DynamoDBAudience",
    "DynamoDBPresence",
    "DynamoDBRateLimiter",
    "DynamoDBRoomFeed",
    "DynamoDBRoomHistory",
    "DynamoDBSessions",
    "DynamoDBSubscriptions",
    "dynamodb_client",
]

_MODULE_OF: Final = {
    "DynamoDBAudience": "audience",
    "DynamoDBPresence": "presence",
    "DynamoDBRateLimiter": "rate_limiter",
    "DynamoDBRoomFeed": "room_feed",
    "DynamoDBRoomHistory": "room_history",
    "DynamoDBSessions": "sessions",
    "DynamoDBSubscriptions": "subscriptions",
    "dynamodb_client": "client",
}

if not TYPE_CHECKING:
    # A type checker reads the imports above, and finds a name that does not exist.
    def __getattr__(name: str) -> object:
        """Import a name (PEP 562)."""
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
