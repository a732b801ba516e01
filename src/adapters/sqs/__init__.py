"""Adapters on Amazon SQS."""

from adapters.sqs.lease import SqsLease
from adapters.sqs.wake_ups import SqsWakeUps, read_wake_up, write_wake_up

__all__ = ["SqsLease", "SqsWakeUps", "read_wake_up", "write_wake_up"]
