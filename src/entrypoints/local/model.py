"""What a deployed template amounts to, in the words of the services that run it.

The cloud side (`entrypoints.local.cloud`) reads these out of the stack it created; the function side
(`entrypoints.local.functions`) and the gateway (`entrypoints.local.gateway`) are built from them alone. Neither
knows CloudFormation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class FunctionConfig:
    """One Lambda function, as `AWS::Lambda::Function` describes it once its references are resolved."""

    name: str
    arn: str
    logical_id: str
    """Its name in the template, for messages that a person reads."""
    handler: str
    """`module.function`, with `/` or `.` between packages, as Lambda takes it."""
    runtime: str
    code: Path
    """The folder that is the function's `/var/task`."""
    opt: Path | None = None
    """The folder that is its `/opt`, with its layers laid over each other; None where it has none."""
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: int = 3
    memory_mb: int = 128
    log_level: str = ""
    """The least severe record that the function's log keeps, as `LoggingConfig.ApplicationLogLevel` names it."""
    role_arn: str = ""


@dataclass(frozen=True, kw_only=True)
class IntegrationConfig:
    """`AWS::ApiGatewayV2::Integration` of type `AWS_PROXY`."""

    function_arn: str
    timeout_ms: int = 29_000
    """50 to 29,000 (API Gateway quotas, WebSocket table)."""


@dataclass(frozen=True, kw_only=True)
class TemplatesConfig:
    """Mapping templates by key, and the `TemplateSelectionExpression` that takes one of them."""

    templates: Mapping[str, str] = field(default_factory=dict)
    selection_expression: str = ""


@dataclass(frozen=True, kw_only=True)
class MockConfig:
    """`AWS::ApiGatewayV2::Integration` of type `MOCK`."""

    request: TemplatesConfig
    responses: Mapping[str, TemplatesConfig] = field(default_factory=dict)
    """By `IntegrationResponseKey`."""


@dataclass(frozen=True, kw_only=True)
class AuthorizerConfig:
    """`AWS::ApiGatewayV2::Authorizer` of type `REQUEST`, the only one that WebSocket APIs have."""

    id: str
    name: str
    function_arn: str
    """The function that `AuthorizerUri` names."""
    identity_sources: tuple[str, ...] = ()
    """As `IdentitySource` has them, for example `route.request.header.Authorization`."""


@dataclass(frozen=True, kw_only=True)
class ThrottleConfig:
    """One entry of a stage's `RouteSettings`, or its `DefaultRouteSettings`; None leaves it to the next wider limit."""

    rate: float | None = None
    """Requests per second, `ThrottlingRateLimit`."""
    burst: int | None = None
    """The most requests at once, `ThrottlingBurstLimit`."""


@dataclass(frozen=True, kw_only=True)
class RouteConfig:
    """`AWS::ApiGatewayV2::Route`; `integration` is None where the route has no target."""

    key: str
    integration: IntegrationConfig | None
    mock: MockConfig | None = None
    """In the place of `integration`, where the gateway itself is to answer."""
    unserved: str = ""
    """What its target is, where that cannot be called here: every event of the route then fails."""
    returns_response: bool = False
    """True where `RouteResponseSelectionExpression` makes the route two-way."""
    authorization_type: str = "NONE"
    """`NONE`, `AWS_IAM` or `CUSTOM`; it counts on `$connect` alone, as the two fields below do."""
    authorizer: AuthorizerConfig | None = None
    """Where `authorization_type` is `CUSTOM`."""
    api_key_required: bool = False
    model_selection_expression: str = ""
    """Says which of the models a message is held to; without it, to none."""
    request_models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """JSON schemas by what the expression comes to; `$default` is for all else."""


@dataclass(frozen=True, kw_only=True)
class ApiConfig:
    """One stage of one WebSocket API."""

    id: str
    """Ten lower-case letters and digits."""
    name: str
    stage: str
    region: str
    account: str
    route_selection_expression: str
    routes: Mapping[str, RouteConfig]
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    api_key_selection_expression: str = "$request.header.x-api-key"
    """That, or `$context.authorizer.usageIdentifierKey`."""
    api_keys: frozenset[str] = frozenset()
    """The values of the keys that open the routes which require one."""
    default_throttle: ThrottleConfig = field(default_factory=ThrottleConfig)
    """`DefaultRouteSettings`: it holds for each route by itself."""
    route_throttles: Mapping[str, ThrottleConfig] = field(default_factory=dict)
    """`RouteSettings`, by route key."""

    def arn(self, path: str) -> str:
        """Return the ARN of something of this API, as IAM policies and Lambda permissions name it.

        Args:
            path: `{stage}/{route key}`, `{stage}/POST/@connections/*` or `authorizers/{id}`.

        """
        return f"arn:aws:execute-api:{self.region}:{self.account}:{self.id}/{path}"

    @property
    def domain_name(self) -> str:
        """The host that events carry in `requestContext.domainName`: no port, as on AWS."""
        return f"{self.id}.execute-api.{self.region}.amazonaws.com"
