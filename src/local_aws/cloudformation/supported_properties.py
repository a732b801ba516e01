"""The properties with an effect here, for each served resource type. A notice names every other property.

docs/local_aws/templates.md lists the same, and a test holds the two together. Resources of other types are created by
moto, or get a placeholder (see placeholders.py), and their properties are not checked.
"""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.cloudformation.documents import Template
from local_aws.cloudformation.intrinsics import references


@dataclass(frozen=True, kw_only=True)
class Support:
    """The properties of one resource type."""

    effective: frozenset[str]
    """The properties that have their effect on AWS here, too."""
    accepted: frozenset[str] = frozenset()
    """The properties that only describe, record, encrypt or size: they change no response of an API or function."""


def _support(effective: str, accepted: str = "") -> Support:
    return Support(effective=frozenset(effective.split()), accepted=frozenset(accepted.split()))


PROPERTIES: Mapping[str, Support] = {
    "AWS::ApiGatewayV2::Api": _support(
        "ApiKeySelectionExpression Name ProtocolType RouteSelectionExpression", "Description IpAddressType Tags Version"
    ),
    "AWS::ApiGatewayV2::Authorizer": _support(
        "ApiId AuthorizerCredentialsArn AuthorizerType AuthorizerUri IdentitySource Name"
    ),
    "AWS::ApiGatewayV2::Deployment": _support("ApiId", "Description StageName"),
    "AWS::ApiGatewayV2::Integration": _support(
        "ApiId CredentialsArn IntegrationType IntegrationUri RequestTemplates TemplateSelectionExpression "
        "TimeoutInMillis",
        "ConnectionType Description IntegrationMethod PassthroughBehavior PayloadFormatVersion",
    ),
    "AWS::ApiGatewayV2::IntegrationResponse": _support(
        "ApiId IntegrationId IntegrationResponseKey ResponseTemplates TemplateSelectionExpression"
    ),
    "AWS::ApiGatewayV2::Model": _support("ApiId Name Schema", "ContentType Description"),
    "AWS::ApiGatewayV2::Route": _support(
        "ApiId ApiKeyRequired AuthorizationType AuthorizerId ModelSelectionExpression RequestModels RouteKey "
        "RouteResponseSelectionExpression Target",
        "OperationName",
    ),
    "AWS::ApiGatewayV2::RouteResponse": _support("ApiId RouteId RouteResponseKey"),
    "AWS::ApiGatewayV2::Stage": _support(
        "ApiId DefaultRouteSettings RouteSettings StageName StageVariables",
        "AccessLogSettings AutoDeploy DeploymentId Description Tags",
    ),
    "AWS::Events::Rule": _support("Name ScheduleExpression State Targets", "Description EventBusName EventPattern"),
    "AWS::ApiGateway::ApiKey": _support("Enabled Name Value", "CustomerId Description GenerateDistinctId Tags"),
    "AWS::ApiGateway::UsagePlan": _support("ApiStages UsagePlanName", "Description Tags"),
    "AWS::ApiGateway::UsagePlanKey": _support("KeyId KeyType UsagePlanId"),
    "AWS::Lambda::Alias": _support("FunctionName FunctionVersion Name", "Description ProvisionedConcurrencyConfig"),
    "AWS::Lambda::EventSourceMapping": _support(
        "BatchSize Enabled EventSourceArn FunctionName FunctionResponseTypes ScalingConfig", "MetricsConfig Tags"
    ),
    "AWS::Lambda::Function": _support(
        "Code Environment FunctionName Handler Layers LoggingConfig MemorySize PackageType Role Runtime Timeout",
        "Architectures CodeSigningConfigArn Description EphemeralStorage KmsKeyArn RecursiveLoop "
        "RuntimeManagementConfig SnapStart Tags TracingConfig",
    ),
    "AWS::Lambda::LayerVersion": _support(
        "Content LayerName", "CompatibleArchitectures CompatibleRuntimes Description LicenseInfo"
    ),
    "AWS::Lambda::Version": _support("FunctionName", "CodeSha256 Description ProvisionedConcurrencyConfig"),
}

_UNREAD_SECTIONS = {"Hooks"}
_DYNAMIC = re.compile(r"\{\{resolve:[^}]*\}\}")
_API = "AWS::ApiGatewayV2::Api"
_ROUTE, _ROUTE_RESPONSE = "AWS::ApiGatewayV2::Route", "AWS::ApiGatewayV2::RouteResponse"
_BUCKET = "AWS::S3::Bucket"
_NO_VALUE = {"Ref": "AWS::NoValue"}


def notices(template: Template, *, stack: str, created: Collection[str]) -> Iterator[str]:
    """Yield a notice for each property without effect here, and for each route that may respond here alone.

    Args:
        template: The template, without SAM resources and with placeholders.
        stack: The nested stack's prefix of its logical ids, such as `Api/`.
        created: The logical ids of the resources that exist, with prefix: a condition may leave some out.

    """
    there = {
        logical_id: resource
        for logical_id, resource in template["Resources"].items()
        if f"{stack}{logical_id}" in created and not _of_other_protocol(resource, template)
    }
    for section in _UNREAD_SECTIONS & template.keys():
        yield f"Not looked at here, {section} of the template{f' of {stack}' if stack else ''}"
    yield from _dynamic_references(there, stack)
    yield from _properties_without_effect(there, stack)
    yield from _routes_without_response(there, stack)


def _dynamic_references(resources: Mapping[str, Any], stack: str) -> Iterator[str]:
    for logical_id, resource in resources.items():
        for reference in dict.fromkeys(_DYNAMIC.findall(json.dumps(resource["Properties"]))):
            yield f"Not resolved: {reference}: {stack}{logical_id} has the text itself"


def _properties_without_effect(resources: Mapping[str, Any], stack: str) -> Iterator[str]:
    unused: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for logical_id, resource in resources.items():
        for name in _without_effect(resource):
            unused[resource["Type"], name].append(f"{stack}{logical_id}")
    for (kind, name), where in unused.items():
        yield f"No effect here, {name} of {kind}: {', '.join(where)}"


def _routes_without_response(resources: Mapping[str, Any], stack: str) -> Iterator[str]:
    answering = {name for each in _of_type(resources, _ROUTE_RESPONSE).values() for name in references(each)}
    for logical_id, route in _of_type(resources, _ROUTE).items():
        if route.get("RouteResponseSelectionExpression") and logical_id not in answering:
            yield f"Answers here, and on AWS perhaps only with an {_ROUTE_RESPONSE}: {stack}{logical_id}"


def _without_effect(resource: Mapping[str, Any]) -> Iterator[str]:
    if resource["Type"] == _BUCKET and "NotificationConfiguration" in resource["Properties"]:
        yield "NotificationConfiguration"
    support = PROPERTIES.get(resource["Type"])
    if support is not None:
        for name, value in resource["Properties"].items():
            if name not in support.effective | support.accepted and value not in (_NO_VALUE, None, False):
                yield name


def _of_type(resources: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {logical_id: each["Properties"] for logical_id, each in resources.items() if each["Type"] == kind}


def _of_other_protocol(resource: Mapping[str, Any], template: Template) -> bool:
    """Return whether the resource belongs to an API that is not served: one notice names that API."""
    api = resource
    match resource["Properties"].get("ApiId"):
        case {"Ref": str(name)}:
            api = template["Resources"].get(name, resource)
    return bool(api["Type"] == _API and api["Properties"].get("ProtocolType", "HTTP") == "HTTP")
