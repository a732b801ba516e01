"""SQS queues as event sources of functions."""

__all__: list[str] = []
