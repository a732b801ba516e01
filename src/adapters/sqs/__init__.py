"""Adapters on Amazon SQS."""

from adapters.sqs.job_queue import SqsJobQueue, read_job, write_job
from adapters.sqs.lease import SqsLease

__all__ = ["SqsJobQueue", "SqsLease", "read_job", "write_job"]
