"""Adapters on Amazon SQS."""

from adapters.sqs.fan_out_queue import SqsFanOutQueue, read_fan_out, write_fan_out

__all__ = ["SqsFanOutQueue", "read_fan_out", "write_fan_out"]
