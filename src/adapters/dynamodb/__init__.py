"""Adapters on Amazon DynamoDB."""

from adapters.dynamodb.checkpoint_store import DynamoDBCheckpointStore
from adapters.dynamodb.client import dynamodb_client
from adapters.dynamodb.connection_store import DynamoDBConnectionStore
from adapters.dynamodb.rate_limiter import DynamoDBRateLimiter

__all__ = ["DynamoDBCheckpointStore", "DynamoDBConnectionStore", "DynamoDBRateLimiter", "dynamodb_client"]
