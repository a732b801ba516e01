"""Adapters on Amazon DynamoDB."""

from adapters.dynamodb.connection_store import DynamoDBConnectionStore

__all__ = ["DynamoDBConnectionStore"]
