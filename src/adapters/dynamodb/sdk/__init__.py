"""The table through PynamoDB: the plain reference that `adapters.dynamodb` is held against, on the same items."""

from adapters.dynamodb.sdk.connection_store import PynamoDBConnectionStore

__all__ = ["PynamoDBConnectionStore"]
