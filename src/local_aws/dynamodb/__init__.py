"""Copies of a stack's DynamoDB tables on another endpoint."""

__all__: list[str] = []
