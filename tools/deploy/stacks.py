"""The state of stacks in CloudFormation, their resources, and the causes of failures."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from tools.deploy.aws import Aws
from tools.deploy.errors import AwsFailed, DeployError

NESTED = "AWS::CloudFormation::Stack"
BUCKET = "AWS::S3::Bucket"

SECONDS_BETWEEN_LOOKS = 3.0
_BLAMELESS = re.compile(r"(?i)cancelled|The following resource\(s\) failed")
"""The reasons of resources that failed only because another resource had failed."""


def describe(aws: Aws, stack: str) -> dict[str, Any] | None:
    """Return a stack by its name or id; None if it does not exist."""
    try:
        described: dict[str, Any] = aws("cloudformation", "describe-stacks", stack_name=stack)["Stacks"][0]
    except AwsFailed as exc:
        if "does not exist" in exc.said:
            return None
        raise
    return described


def outputs(described: dict[str, Any]) -> dict[str, str]:
    """Return the outputs of a stack by name."""
    return {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs") or []}


def delete(aws: Aws, stack_id: str, log: Callable[[str], None]) -> None:
    """Delete a stack and wait until it is deleted.

    Raises:
        DeployError: A resource could not be deleted.

    """
    since = last_event(aws, stack_id)
    aws("cloudformation", "delete-stack", stack_name=stack_id)
    status = finished(aws, stack_id, log)
    if status != "DELETE_COMPLETE":
        raise failed(aws, stack_id, status, since)


def finished(aws: Aws, stack_id: str, log: Callable[[str], None]) -> str:
    """Wait until no operation on the stack is in progress; return its status."""
    logged = ""
    while True:
        described = describe(aws, stack_id)
        status = str(described["StackStatus"]) if described else "DELETE_COMPLETE"
        if status != logged:
            log(f"  {status}")
            logged = status
        if not status.endswith("_IN_PROGRESS"):
            return status
        time.sleep(SECONDS_BETWEEN_LOOKS)


def resources(aws: Aws, stack: str) -> Iterator[dict[str, str]]:
    """Yield the existing resources of the stack and its nested stacks."""
    for each in aws("cloudformation", "list-stack-resources", stack_name=stack)["StackResourceSummaries"]:
        # Resources that a rollback or an earlier attempt deleted or kept stay in the list with their id.
        if not each.get("PhysicalResourceId") or each["ResourceStatus"] in {"DELETE_COMPLETE", "DELETE_SKIPPED"}:
            continue
        yield each
        if each["ResourceType"] == NESTED:
            yield from resources(aws, each["PhysicalResourceId"])


def failures(aws: Aws, stack_id: str, since: str) -> Iterator[str]:
    """Yield the failures in the stack and its nested stacks, the first cause first.

    Args:
        aws: AWS.
        stack_id: The id of the stack, which also finds a deleted stack.
        since: Only failures after this time, in AWS's format.

    """
    events = aws("cloudformation", "describe-stack-events", stack_name=stack_id)["StackEvents"]
    for event in reversed(events):
        if event["Timestamp"] <= since or not event["ResourceStatus"].endswith("_FAILED"):
            continue
        nested = event.get("PhysicalResourceId") or ""
        if event["ResourceType"] == NESTED and nested.startswith("arn:") and nested != stack_id:
            yield from failures(aws, nested, since)
        reason = event.get("ResourceStatusReason", "")
        if not _BLAMELESS.search(reason):
            yield f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}"


def last_event(aws: Aws, stack_id: str) -> str:
    """Return the time of the stack's newest event, in AWS's format."""
    events = aws("cloudformation", "describe-stack-events", stack_name=stack_id, max_items="1")["StackEvents"]
    return str(events[0]["Timestamp"])


def failed(aws: Aws, stack_id: str, status: str, since: str) -> DeployError:
    """Return an error with the failures since then."""
    causes = "\n".join(f"  {each}" for each in failures(aws, stack_id, since)) or "  CloudFormation gives no cause."
    return DeployError(f"The stack ended in state {status}:\n{causes}")
