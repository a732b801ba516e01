"""Reads the rules of Amazon EventBridge that run functions on a schedule."""

from typing import Any

from local_aws.cloudformation.read_stack import Functions
from local_aws.cloudformation.stack import Resource
from local_aws.config import ScheduleConfig
from local_aws.schedules.expressions import WrongExpression, parse


def schedules(
    events_api: Any, resources: list[Resource], described: Functions, notices: list[str]
) -> list[ScheduleConfig]:
    """Return a schedule for each function that a rule runs here; append a notice for whatever else a rule has."""
    names = {config.arn: config.logical_id for config in described.runnable}
    found: list[ScheduleConfig] = []
    for resource in resources:
        if resource.kind != "AWS::Events::Rule" or not resource.physical_id:
            continue
        rule = events_api.describe_rule(Name=resource.physical_id.rpartition("/")[2])
        expression = rule.get("ScheduleExpression")
        if not expression:
            notices.append(f"Not emulated: events that match a pattern: {resource.path}")
            continue
        try:
            parse(expression)
        except WrongExpression as exc:
            notices.append(f"Not emulated: the schedule {resource.path}: {exc}")
            continue
        if rule.get("State") == "DISABLED":
            continue
        for target in events_api.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
            if target["Arn"] not in names:
                notices.append(f"Not emulated: a target of the schedule {resource.path}: {target['Arn']}")
            elif target.get("InputPath") or target.get("InputTransformer"):
                notices.append(f"Not emulated: InputPath and InputTransformer: {resource.path}")
            else:
                found.append(
                    ScheduleConfig(
                        rule_arn=rule["Arn"],
                        logical_id=resource.path,
                        expression=expression,
                        function_arn=target["Arn"],
                        input=target.get("Input") or "",
                    )
                )
    return found
