"""Adapters on Amazon DynamoDB."""

from adapters.dynamodb.client import DynamoDBClient, DynamoDBError, DynamoDBUnreachable
from adapters.dynamodb.connection_store import DynamoDBConnectionStore

__all__ = ["DynamoDBClient", "DynamoDBConnectionStore", "DynamoDBError", "DynamoDBUnreachable"]
