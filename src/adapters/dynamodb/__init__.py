"""Adapters on Amazon DynamoDB."""

from adapters.dynamodb.client import dynamodb_client
from adapters.dynamodb.connection_store import DynamoDBConnectionStore
from adapters.dynamodb.fan_out_progress import DynamoDBFanOutProgress

__all__ = ["DynamoDBConnectionStore", "DynamoDBFanOutProgress", "dynamodb_client"]
