"""The table through PynamoDB: the plain reference that `adapters.dynamodb` is held against, on the same items."""

from adapters.dynamodb.sdk.audience import PynamoDBAudience
from adapters.dynamodb.sdk.presence import PynamoDBPresence
from adapters.dynamodb.sdk.room_feed import PynamoDBRoomFeed
from adapters.dynamodb.sdk.room_history import PynamoDBRoomHistory
from adapters.dynamodb.sdk.sessions import PynamoDBSessions
from adapters.dynamodb.sdk.subscriptions import PynamoDBSubscriptions

__all__ = [
    "PynamoDBAudience",
    "PynamoDBPresence",
    "PynamoDBRoomFeed",
    "PynamoDBRoomHistory",
    "PynamoDBSessions",
    "PynamoDBSubscriptions",
]
