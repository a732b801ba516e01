"""What a deployed template amounts to, in the words of the services that run it.

The cloud side (`entrypoints.local.cloud`) reads these out of the stack it created; the function side
(`entrypoints.local.functions`) and the gateway (`entrypoints.local.gateway`) are built from them alone. Neither
knows CloudFormation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


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
class RouteConfig:
    """`AWS::ApiGatewayV2::Route`; `integration` is None where the route has no target."""

    key: str
    integration: IntegrationConfig | None
    returns_response: bool = False
    """True where `RouteResponseSelectionExpression` makes the route two-way."""


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

    @property
    def domain_name(self) -> str:
        """The host that events carry in `requestContext.domainName`: no port, as on AWS."""
        return f"{self.id}.execute-api.{self.region}.amazonaws.com"
