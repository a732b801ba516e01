"""What a deployed template amounts to, in the words of the services that run it.

The cloud side (`local_aws.cloudformation`) reads these out of the stack it created; the function side
(`local_aws.lambda_`) and the gateway (`local_aws.api_gateway`) are built from them alone. Neither
knows CloudFormation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_FUNCTION_ARN_PARTS = 7


def unqualified(function_arn: str) -> str:
    """Return a function's ARN without the alias or the version.

    They are the eighth part, after those of `arn:aws:lambda:region:account:function:name`.
    """
    return ":".join(function_arn.split(":")[:_FUNCTION_ARN_PARTS])


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
    resource_policy: tuple[Mapping[str, Any], ...] = ()
    """The statements that `AWS::Lambda::Permission` made, on the function and on its aliases and versions."""


@dataclass(frozen=True, kw_only=True)
class RoleConfig:
    """`AWS::IAM::Role` with all the policies that are its own, wherever the template has them."""

    arn: str
    logical_id: str
    unique_id: str
    """IAM's id of it, such as `AROAEXAMPLE`."""
    policies: tuple[Mapping[str, Any], ...]
    """The documents of its inline and its attached policies."""
    boundary: Mapping[str, Any] | None = None
    """The document of its permissions boundary."""
    elsewhere: tuple[str, ...] = ()
    """The ARNs of policies that are not here: then nobody can tell what the role may do."""

    @property
    def name(self) -> str:
        """The last part of its ARN, after any path."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class QueueConfig:
    """`AWS::Lambda::EventSourceMapping` from an SQS queue."""

    function_arn: str
    queue_arn: str
    queue_url: str
    batch_size: int = 10
    """The most messages that one invocation gets."""
    concurrency: int = 5
    """The most invocations at a time. Lambda begins with five and adds more; `MaximumConcurrency` bounds it."""
    reports_failures: bool = False
    """True where the function answers which messages of a batch failed: `ReportBatchItemFailures`."""


@dataclass(frozen=True, kw_only=True)
class IntegrationConfig:
    """`AWS::ApiGatewayV2::Integration` of type `AWS_PROXY`."""

    function_arn: str
    """Of an alias or a version, where the integration names one."""
    timeout_ms: int = 29_000
    """50 to 29,000 (API Gateway quotas, WebSocket table)."""
    credentials_arn: str = ""
    """The role that invokes the function, in place of its resource policy."""


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
    credentials_arn: str = ""
    """The role that invokes it, in place of its resource policy."""
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


@dataclass(frozen=True, kw_only=True)
class Table:
    """A DynamoDB table, by its name and where it is."""

    name: str
    region: str


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What the template amounts to, nested stacks included."""

    apis: tuple[ApiConfig, ...]
    """Its WebSocket APIs, one for each stage: at least one."""
    functions: tuple[FunctionConfig, ...]
    """Those that can be run here. A route needs none of the others."""
    outputs: Mapping[str, str]
    """The outputs of the master stack."""
    queues: tuple[QueueConfig, ...]
    """The queues whose messages its functions are given."""
    roles: tuple[RoleConfig, ...]
    """Its roles, with all their policies."""
    tables: tuple[Table, ...]
    """Its DynamoDB tables."""
    physical_ids: Mapping[str, str]
    """The logical id of each resource, as `FunctionConfig.logical_id` has it, by its physical id.

    Without those that several resources share, such as a stage's name.
    """
    read_once: frozenset[Path]
    """The templates' files, and code that is run from a copy: what happens to them later has no effect."""
    notices: tuple[str, ...]
    """What of the template has no effect here, and where its API keys are, for a person to read."""
