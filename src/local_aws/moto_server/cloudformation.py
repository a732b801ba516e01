"""Extends moto's CloudFormation (5.2) for deploys by other tools, which send the requests that AWS accepts.

`aws cloudformation package` and `sam package` write YAML with SAM's resources, refer to nested templates by URLs at
any S3 endpoint, and deploy by change sets. moto does not expand SAM, recognises S3 by AWS's host names alone, creates
no outputs for a stack of a change set, and replaces a nested stack instead of updating it. Its S3 ignores the
conditions in a bucket policy.

The emulator itself sends expanded JSON, which passes unchanged.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from moto.cloudformation import models, responses
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Change, ChangeSet, CloudFormationBackend, Stack, cloudformation_backends
from moto.cloudformation.parsing import get_model_map
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket, s3_backends
from moto.utilities.utils import get_partition

from local_aws.errors import TemplateError

_Given = Mapping[str, Any]


def install() -> None:
    """Extend moto; to be called once."""
    for module in (models, responses):
        module.get_stack_from_s3_url = _template_at  # type: ignore[attr-defined]
    CloudFormationBackend.create_stack = _ready(CloudFormationBackend.create_stack)  # type: ignore[method-assign]
    CloudFormationBackend.create_change_set = _ready(  # type: ignore[method-assign]
        CloudFormationBackend.create_change_set
    )
    CloudFormationBackend.execute_change_set = _execute  # type: ignore[assignment,method-assign]
    Stack.update_from_cloudformation_json = classmethod(_update_nested)  # type: ignore[assignment]
    FakeBucket.get_permission = _permission  # type: ignore[assignment,method-assign]
    ChangeSet.diff = _diff  # type: ignore[assignment,method-assign]


def _template_at(template_url: str, account_id: str, partition: str) -> str:
    """Return the template at a URL in moto's S3, by any host name of S3 or by this endpoint."""
    parts = urlsplit(template_url)
    host, path = parts.hostname or "", unquote(parts.path.removeprefix("/"))
    # Source: Amazon S3 user guide, "Virtual hosting of general purpose buckets".
    if host.endswith(".amazonaws.com") and not host.startswith(("s3.", "s3-")):
        bucket, key = host.partition(".s3")[0], path
    else:
        bucket, _, key = path.partition("/")
    stored = s3_backends[account_id][partition].get_object(bucket, key)
    if stored is None:
        raise ValidationError(message=f"S3 error: The specified key does not exist: {template_url}")
    text: str = stored.value.decode()
    return text


def _permission(bucket: FakeBucket, action: str, resource: str) -> Any:
    """Evaluate the statements without conditions. One with a condition denies requests without TLS, for example."""
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(bucket.policy)
    policy["Statement"] = [each for each in policy["Statement"] if "Condition" not in each]
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


def _ready(call: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap the call: pass it the expanded template, and the value of every parameter."""

    def call_ready(backend: CloudFormationBackend, **named: Any) -> Any:
        body, values = _prepared(named["template"], named["parameters"], backend.region_name)
        return call(backend, **{**named, "template": body, "parameters": values})

    return call_ready


def _prepared(body: str, given: _Given, region: str) -> tuple[str, dict[str, Any]]:
    if body.startswith("{") and "Transform" not in json.loads(body):
        return body, dict(given)
    # The SAM translator takes half a second to import. The emulator's own stacks do not need it here.
    from local_aws.cloudformation import documents, parameters, placeholders, templates  # noqa: PLC0415

    try:
        template = documents.parse(body, Path("the template"))
        values = parameters.values(template, given)
        known = {name: value for name, value in values.items() if isinstance(value, str)}
        template = templates.resources_alone(template, known, region)
    except TemplateError as exc:
        raise ValidationError(message=f"Template error: {exc}") from exc
    for notice in placeholders.replace(template, supported=get_model_map(), stack=""):
        print(notice, file=sys.stderr, flush=True)
    return json.dumps(template), values


def _diff(change_set: ChangeSet) -> list[Change]:
    """Return the changes of the change set, including those by a parameter alone."""
    resources = change_set.stack.resource_map
    before: dict[str, Any] = resources._resource_json_map  # noqa: SLF001 - as moto's own models do
    after: dict[str, Any] = change_set.template_dict["Resources"]
    by_action = resources.build_resource_diff(change_set.template_dict, change_set.parameters)
    return [
        Change(action, logical_id, (after.get(logical_id) or before[logical_id])["Type"])
        for action, logical_ids in by_action.items()
        for logical_id in logical_ids
    ]


def _execute(backend: CloudFormationBackend, change_set_name: str, stack_name: str | None = None) -> None:  # noqa: ARG001
    """Execute the change set. A failure becomes the stack's status: on AWS, the caller has its response by then."""
    change_set = backend.describe_change_set(change_set_name)
    assert change_set is not None  # noqa: S101 - moto raises if it does not exist
    stack = change_set.stack
    creates = change_set.change_set_type == "CREATE"
    change_set.execution_status = "EXECUTE_COMPLETE"
    try:
        _create(backend, stack, change_set) if creates else _update(stack, change_set.template, change_set.parameters)
    except ValidationError as exc:
        _failed(stack, str(exc.message), status="ROLLBACK_COMPLETE" if creates else "UPDATE_ROLLBACK_FAILED")


def _create(backend: CloudFormationBackend, stack: Stack, change_set: ChangeSet) -> None:
    stack.template, stack.parameters = change_set.template, change_set.parameters
    stack._parse_template()  # noqa: SLF001 - as the constructor does
    stack._add_stack_event("CREATE_IN_PROGRESS", resource_status_reason="User Initiated")  # noqa: SLF001
    stack.cross_stack_resources = backend.exports
    stack.resource_map = stack._create_resource_map()  # noqa: SLF001
    stack.output_map = stack._create_output_map()  # noqa: SLF001
    stack.create_resources()


def _update(stack: Stack, template: str, values: _Given) -> None:
    stack.update(template, parameters=dict(values))
    stack.parameters = dict(values)


def _failed(stack: Stack, message: str, *, status: str) -> None:
    """Leave the stack as a failure does on AWS. Its resources stay until it is deleted."""
    told = TemplateError.read(message)
    stack._add_stack_event("CREATE_FAILED", resource_status_reason=told.reason)  # noqa: SLF001
    if told.resource is not None:
        stack.events[-1].logical_resource_id = told.resource
    stack._add_stack_event(status)  # noqa: SLF001
    stack.status = status


def _update_nested(
    _cls: type[Stack],
    original_resource: Stack,
    new_resource_name: str,  # noqa: ARG001 - moto passes it by name
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
) -> Stack:
    properties = cloudformation_json["Properties"]
    body = _template_at(properties["TemplateURL"], account_id, get_partition(region_name))
    body, values = _prepared(body, properties.get("Parameters", {}), region_name)
    nested = cloudformation_backends[account_id][region_name].get_stack(original_resource.stack_id)
    _update(nested, body, values)
    return nested
