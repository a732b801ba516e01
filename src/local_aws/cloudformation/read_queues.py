"""Reads the event source mappings of a stack's queues."""

from typing import Any

from botocore.exceptions import ClientError

from local_aws.cloudformation.read_stack import Functions
from local_aws.config import QueueConfig

MOST_AT_ONCE = 10
"""The most messages that one request to SQS returns (API reference, ReceiveMessage)."""


def queues(functions_api: Any, queues_api: Any, described: Functions, notices: list[str]) -> list[QueueConfig]:
    """Return the event source mappings of the functions that run here; append a notice for each other mapping."""
    names = {config.arn: config.logical_id for config in described.runnable}
    found = []
    for mapping in functions_api.list_event_source_mappings()["EventSourceMappings"]:
        source, function = mapping["EventSourceArn"], mapping["FunctionArn"]
        if function not in names or mapping.get("State") != "Enabled":
            continue
        if ":sqs:" not in source:
            notices.append(f"Not emulated: events from {source}: the function {names[function]}")
            continue
        found.append(_queue(mapping, queues_api))
    return found


def _queue(mapping: dict[str, Any], queues_api: Any) -> QueueConfig:
    arn = mapping["EventSourceArn"]
    scaling = mapping.get("ScalingConfig") or {}
    return QueueConfig(
        function_arn=mapping["FunctionArn"],
        queue_arn=arn,
        queue_url=_url(arn, queues_api),
        batch_size=min(int(mapping.get("BatchSize") or MOST_AT_ONCE), MOST_AT_ONCE),
        concurrency=int(scaling.get("MaximumConcurrency") or QueueConfig.concurrency),
        reports_failures="ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or ()),
    )


def _url(arn: str, queues_api: Any) -> str:
    name = arn.rpartition(":")[2]
    try:
        url: str = queues_api.get_queue_url(QueueName=name)["QueueUrl"]
    except ClientError as exc:
        raise LookupError(f"there is no queue {arn}") from exc
    return url
