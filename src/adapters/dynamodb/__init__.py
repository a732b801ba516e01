"""Adapters on Amazon DynamoDB."""

from adapters.dynamodb.client import dynamodb_client
from adapters.dynamodb.connection_store import DynamoDBConnectionStore
from adapters.dynamodb.fan_out_progress import DynamoDBFanOutProgress
from adapters.dynamodb.rate_limiter import DynamoDBRateLimiter

__all__ = ["DynamoDBConnectionStore", "DynamoDBFanOutProgress", "DynamoDBRateLimiter", "dynamodb_client"]
