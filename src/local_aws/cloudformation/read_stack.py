"""Reads the functions and the WebSocket APIs of a stack from Lambda's and API Gateway's APIs."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_aws.cloudformation import request_models
from local_aws.cloudformation.code import CodeFolders
from local_aws.cloudformation.intrinsics import text
from local_aws.cloudformation.layers import Layers
from local_aws.cloudformation.request_models import Models
from local_aws.cloudformation.stack import Resource
from local_aws.config import (
    ApiConfig,
    AuthorizerConfig,
    FunctionConfig,
    IntegrationConfig,
    MockConfig,
    RouteConfig,
    TemplatesConfig,
    ThrottleConfig,
)
from local_aws.errors import TemplateError

MAXIMUM_TIMEOUT_MS = 29_000
"""API Gateway quotas, WebSocket table."""

DEFAULT_KEY_SELECTION = "$request.header.x-api-key"

TABLES = {"AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"}
"""The resource types of tables."""

_FUNCTION_ARN = re.compile(r"arn:[^:/]+:lambda:[^:]*:[^:]*:function:[^:/]+(:[^:/]+)?")
_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.([^}]*)\}")


@dataclass(kw_only=True)
class Functions:
    """The functions of a stack: those that can run here, and why the others cannot."""

    runnable: list[FunctionConfig] = field(default_factory=list)
    others: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The functions that cannot run here, by ARN: the logical id, and the reason."""
    layers: Layers
    """The layers of the functions."""


def functions(client: Any, resources: list[Resource], folders: CodeFolders) -> Functions:
    """Return the functions among the resources."""
    described = Functions(layers=Layers(client, resources, folders))
    for resource in resources:
        if resource.kind == "AWS::Lambda::Function" and resource.physical_id:
            answer = client.get_function(FunctionName=resource.physical_id)
            policy = _resource_policy(client, resource.physical_id)
            _add_function(described, resource.path, answer, folders, policy)
    return described


def _resource_policy(client: Any, name: str) -> tuple[Mapping[str, Any], ...]:
    try:
        policy = client.get_policy(FunctionName=name)["Policy"]
    except client.exceptions.ResourceNotFoundException:
        return ()
    return tuple(json.loads(policy)["Statement"])


def _add_function(
    described: Functions,
    path: str,
    answer: dict[str, Any],
    folders: CodeFolders,
    policy: tuple[Mapping[str, Any], ...],
) -> None:
    configuration, location = answer["Configuration"], answer["Code"]["Location"]
    runtime = configuration.get("Runtime") or ""
    code = folders.folder(location)
    reason = None
    if code is None:
        reason = folders.why_not(location)
    elif not runtime:
        reason = "it has no Runtime"
    elif not runtime.startswith("python"):
        reason = f"its runtime is {runtime}, and only Python can be run here"
    elif not configuration.get("Handler"):
        reason = "it has no Handler"
    if code is None or reason:
        described.others[configuration["FunctionArn"]] = path, reason or ""
        return
    variables = configuration.get("Environment", {}).get("Variables", {})
    described.runnable.append(
        FunctionConfig(
            name=configuration["FunctionName"],
            arn=configuration["FunctionArn"],
            logical_id=path,
            handler=configuration["Handler"],
            runtime=runtime,
            code=code,
            opt=described.layers.opt(path, [each["Arn"] for each in configuration.get("Layers", [])]),
            environment={name: text(value) for name, value in variables.items()},
            timeout_seconds=int(configuration["Timeout"]),
            memory_mb=int(configuration["MemorySize"]),
            log_level=configuration.get("LoggingConfig", {}).get("ApplicationLogLevel", ""),
            role_arn=configuration.get("Role") or "",
            resource_policy=policy,
        )
    )


def apis(client: Any, resources: list[Resource], described: Functions, notices: list[str]) -> list[ApiConfig]:
    """Return the stages of the WebSocket APIs among the resources; append a notice for each part that is not served.

    Raises:
        TemplateError: a route needs a function that cannot run here.

    """
    found: list[ApiConfig] = []
    for resource in resources:
        if resource.kind == "AWS::ApiGatewayV2::Api" and resource.physical_id:
            api = client.get_api(ApiId=resource.physical_id)
            if api["ProtocolType"] == "WEBSOCKET":
                models = request_models.read(client, api["ApiId"], resources)
                reader = _Reader(client, api, resource.path, described=described, models=models, notices=notices)
                found += reader.stages()
            else:
                notices.append(f"Not emulated: a {api['ProtocolType']} API: {resource.path}")
    return found


class _Targets:
    """The parts that the routes of a stage refer to: integrations by `integrations/{id}`, and stage variables."""

    def __init__(self, integrations: Mapping[str, Any], stage: dict[str, Any]) -> None:
        self.integrations = integrations
        self.variables = {name: text(value) for name, value in (stage.get("StageVariables") or {}).items()}


def _unserved(integration: Mapping[str, Any] | None) -> str:
    """Return which part of the integration is not supported here; empty if it is supported."""
    kind = integration["IntegrationType"] if integration else "AWS_PROXY"
    return "" if kind in {"AWS_PROXY", "MOCK"} else f"an integration of type {kind}"


def _templates(described: Mapping[str, Any], name: str) -> TemplatesConfig:
    return TemplatesConfig(
        templates=described.get(name) or {}, selection_expression=described.get("TemplateSelectionExpression") or ""
    )


def _throttle(settings: Mapping[str, Any]) -> ThrottleConfig:
    rate, burst = settings.get("ThrottlingRateLimit"), settings.get("ThrottlingBurstLimit")
    return ThrottleConfig(rate=None if rate is None else float(rate), burst=None if burst is None else int(burst))


class _Reader:
    """Reads one WebSocket API."""

    def __init__(
        self, client: Any, api: dict[str, Any], path: str, *, described: Functions, models: Models, notices: list[str]
    ) -> None:
        self._client = client
        self._api = api
        self._id = api["ApiId"]
        self._path = path
        self._described = described
        self._models = models
        self._notices = notices

    def stages(self) -> Iterator[ApiConfig]:
        stages = self._client.get_stages(ApiId=self._id)["Items"]
        if not stages:
            self._notices.append(f"Nothing serves {self._path}: it has no stage")
            return
        routes = self._client.get_routes(ApiId=self._id)["Items"]
        answered = self._client.get_integrations(ApiId=self._id)["Items"]
        integrations = {f"integrations/{each['IntegrationId']}": each for each in answered}
        for stage in stages:
            yield self._config(stage, routes, _Targets(integrations, stage))

    def _config(self, stage: dict[str, Any], routes: list[dict[str, Any]], targets: "_Targets") -> ApiConfig:
        throttles = stage.get("RouteSettings") or {}
        return ApiConfig(
            id=self._id,
            name=self._api["Name"],
            stage=stage["StageName"],
            region=self._client.meta.region_name,
            account=self._account(),
            route_selection_expression=self._api["RouteSelectionExpression"],
            routes={each["RouteKey"]: self._route(each, targets) for each in routes},
            stage_variables=targets.variables,
            api_key_selection_expression=self._api.get("ApiKeySelectionExpression") or DEFAULT_KEY_SELECTION,
            default_throttle=_throttle(stage.get("DefaultRouteSettings") or {}),
            route_throttles={key: _throttle(settings) for key, settings in throttles.items()},
        )

    def _account(self) -> str:
        arns = [each.arn for each in self._described.runnable] + list(self._described.others)
        return arns[0].split(":")[4] if arns else "123456789012"

    def _route(self, route: dict[str, Any], targets: "_Targets") -> RouteConfig:
        target = route.get("Target")
        integration = targets.integrations.get(target) if target else None
        if target and integration is None:
            raise TemplateError(self._path, f"the target of the route {route['RouteKey']} does not exist: {target}")
        return RouteConfig(
            key=route["RouteKey"],
            integration=self._integration(route["RouteKey"], integration, targets) if integration else None,
            mock=self._mock(integration),
            unserved=_unserved(integration),
            returns_response=bool(route.get("RouteResponseSelectionExpression")),
            authorization_type=route.get("AuthorizationType") or "NONE",
            authorizer=self._authorizer(route, targets),
            api_key_required=bool(route.get("ApiKeyRequired")),
            model_selection_expression=route.get("ModelSelectionExpression") or "",
            request_models=request_models.of_route(route, self._models, self._path),
        )

    def _authorizer(self, route: dict[str, Any], targets: "_Targets") -> AuthorizerConfig | None:
        if route.get("AuthorizationType") != "CUSTOM":
            return None
        if not route.get("AuthorizerId"):
            raise TemplateError(self._path, f"the route {route['RouteKey']} has CUSTOM authorization but no authorizer")
        # One by one, because moto cannot list them.
        authorizer = self._client.get_authorizer(ApiId=self._id, AuthorizerId=route["AuthorizerId"])
        sources = authorizer.get("IdentitySource") or ()
        return AuthorizerConfig(
            id=authorizer["AuthorizerId"],
            name=authorizer["Name"],
            function_arn=self._function(
                authorizer.get("AuthorizerUri") or "", f"the authorizer {authorizer['Name']}", targets
            ),
            credentials_arn=authorizer.get("AuthorizerCredentialsArn") or "",
            identity_sources=tuple([sources] if isinstance(sources, str) else sources),
        )

    def _mock(self, integration: dict[str, Any] | None) -> MockConfig | None:
        if integration is None or integration["IntegrationType"] != "MOCK":
            return None
        answered = self._client.get_integration_responses(ApiId=self._id, IntegrationId=integration["IntegrationId"])
        responses = {
            each["IntegrationResponseKey"]: _templates(each, "ResponseTemplates") for each in answered["Items"]
        }
        return MockConfig(request=_templates(integration, "RequestTemplates"), responses=responses)

    def _integration(self, key: str, integration: dict[str, Any], targets: "_Targets") -> IntegrationConfig | None:
        if unserved := _unserved(integration):
            self._notices.append(f"Not emulated: {unserved}: the route {key} of {self._path}, which fails")
        if unserved or integration["IntegrationType"] == "MOCK":
            return None
        function = self._function(integration.get("IntegrationUri") or "", f"the route {key}", targets)
        timeout = int(integration.get("TimeoutInMillis") or MAXIMUM_TIMEOUT_MS)
        return IntegrationConfig(
            function_arn=function,
            timeout_ms=min(timeout, MAXIMUM_TIMEOUT_MS),
            credentials_arn=integration.get("CredentialsArn") or "",
        )

    def _function(self, uri: str, who: str, targets: "_Targets") -> str:
        """Return the ARN of the function in the URI of an integration or authorizer."""
        uri = _STAGE_VARIABLE.sub(lambda each: targets.variables.get(each[1], each[0]), uri)
        arn = _FUNCTION_ARN.search(uri)
        if arn is None:
            raise TemplateError(self._path, f"{who} is meant for no Lambda function: {uri}")
        unqualified = arn[0].removesuffix(arn[1] or "")
        if unqualified in self._described.others:
            function, reason = self._described.others[unqualified]
            raise TemplateError(function, f"{who} needs this function, and {reason}")
        return arn[0]
