"""The configuration of a deployed template, in the words of the services that run it.

`local_aws.cloudformation` reads it from the stack that it created. The functions (`local_aws.lambda_`) and the gateway
(`local_aws.api_gateway`) are built from it alone, and know nothing of CloudFormation.
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
    """`AWS::Lambda::Function`, with its references resolved."""

    name: str
    arn: str
    logical_id: str
    """Its logical id, with the nested stack's prefix, for messages."""
    handler: str
    """`module.function`, with `/` or `.` between packages, as Lambda takes it."""
    runtime: str
    code: Path
    """The folder that is the function's `/var/task`."""
    opt: Path | None = None
    """The folder that is its `/opt`, with its layers merged; None if it has no layers."""
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: int = 3
    memory_mb: int = 128
    log_level: str = ""
    """The lowest level that the function logs: `LoggingConfig.ApplicationLogLevel`."""
    role_arn: str = ""
    resource_policy: tuple[Mapping[str, Any], ...] = ()
    """The statements that `AWS::Lambda::Permission` made, on the function and on its aliases and versions."""


@dataclass(frozen=True, kw_only=True)
class RoleConfig:
    """`AWS::IAM::Role` with all its policies, wherever the template declares them."""

    arn: str
    logical_id: str
    unique_id: str
    """Its unique id in IAM, such as `AROAEXAMPLE`."""
    policies: tuple[Mapping[str, Any], ...]
    """The documents of its inline and its attached policies."""
    boundary: Mapping[str, Any] | None = None
    """The document of its permissions boundary."""
    elsewhere: tuple[str, ...] = ()
    """The ARNs of its policies that are not in the embedded AWS. If there are any, the role is not enforced."""

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
    """The most messages of one invocation."""
    concurrency: int = 5
    """The most invocations at once. Lambda starts with five and adds more, up to `MaximumConcurrency`."""
    reports_failures: bool = False
    """Whether the function returns which messages of a batch failed: `ReportBatchItemFailures`."""


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig:
    """A target of `AWS::Events::Rule` with a `ScheduleExpression`."""

    rule_arn: str
    logical_id: str
    """The rule's, with the nested stack's prefix."""
    expression: str
    """`rate(...)` or `cron(...)`."""
    function_arn: str
    input: str = ""
    """The JSON text that the function receives; empty for the event of a schedule."""


@dataclass(frozen=True, kw_only=True)
class IntegrationConfig:
    """`AWS::ApiGatewayV2::Integration` of type `AWS_PROXY`."""

    function_arn: str
    """The ARN of the function, or of the alias or version that the integration names."""
    timeout_ms: int = 29_000
    """50 to 29,000 (API Gateway quotas, WebSocket table)."""
    credentials_arn: str = ""
    """The role that invokes the function, instead of its resource policy."""


@dataclass(frozen=True, kw_only=True)
class TemplatesConfig:
    """Mapping templates by key, and the `TemplateSelectionExpression` that selects one of them."""

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
    """The role that invokes it, instead of its resource policy."""
    identity_sources: tuple[str, ...] = ()
    """In the form of `IdentitySource`, such as `route.request.header.Authorization`."""


@dataclass(frozen=True, kw_only=True)
class ThrottleConfig:
    """One entry of a stage's `RouteSettings`, or its `DefaultRouteSettings`. None: the next wider limit applies."""

    rate: float | None = None
    """Requests per second, `ThrottlingRateLimit`."""
    burst: int | None = None
    """The most requests at once, `ThrottlingBurstLimit`."""


@dataclass(frozen=True, kw_only=True)
class RouteConfig:
    """`AWS::ApiGatewayV2::Route`. `integration` is None if the route has no target."""

    key: str
    integration: IntegrationConfig | None
    mock: MockConfig | None = None
    """Used instead of `integration` if the gateway itself answers."""
    unserved: str = ""
    """The target, if it cannot be called here: every event of the route then fails."""
    returns_response: bool = False
    """Whether `RouteResponseSelectionExpression` makes the route two-way."""
    authorization_type: str = "NONE"
    """`NONE`, `AWS_IAM` or `CUSTOM`. It has an effect on `$connect` alone, and so have the two fields below."""
    authorizer: AuthorizerConfig | None = None
    """Set if `authorization_type` is `CUSTOM`."""
    api_key_required: bool = False
    model_selection_expression: str = ""
    """Selects the model that a message is validated against; empty for no validation."""
    request_models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """JSON schemas by the value of the expression; `$default` is for all other values."""


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
    """This, or `$context.authorizer.usageIdentifierKey`."""
    api_keys: frozenset[str] = frozenset()
    """The values of the keys that are accepted by routes which require one."""
    default_throttle: ThrottleConfig = field(default_factory=ThrottleConfig)
    """`DefaultRouteSettings`: the limit of each single route."""
    route_throttles: Mapping[str, ThrottleConfig] = field(default_factory=dict)
    """`RouteSettings`, by route key."""

    def arn(self, path: str) -> str:
        """Return the ARN of a part of this API, as IAM policies and Lambda permissions name it.

        Args:
            path: `{stage}/{route key}`, `{stage}/POST/@connections/*` or `authorizers/{id}`.

        """
        return f"arn:aws:execute-api:{self.region}:{self.account}:{self.id}/{path}"

    @property
    def domain_name(self) -> str:
        """The host in `requestContext.domainName` of events: without a port, as on AWS."""
        return f"{self.id}.execute-api.{self.region}.amazonaws.com"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A DynamoDB table: its name and its region."""

    name: str
    region: str


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """The configuration of a deployed template, with its nested stacks."""

    apis: tuple[ApiConfig, ...]
    """The WebSocket APIs, one for each stage; at least one."""
    functions: tuple[FunctionConfig, ...]
    """The functions that can run here."""
    outputs: Mapping[str, str]
    """The outputs of the master stack."""
    queues: tuple[QueueConfig, ...]
    """The queues that invoke functions."""
    schedules: tuple[ScheduleConfig, ...]
    """What invokes functions at certain times."""
    roles: tuple[RoleConfig, ...]
    """The roles with all their policies."""
    tables: tuple[Table, ...]
    """The DynamoDB tables."""
    physical_ids: Mapping[str, str]
    """The logical id of each resource, with the nested stack's prefix, by its physical id.

    Physical ids that several resources share, such as the name of a stage, are left out.
    """
    read_once: frozenset[Path]
    """The files of the templates, and code that runs from a copy: later edits have no effect."""
    notices: tuple[str, ...]
    """Lines for the log: the parts of the template without effect here, and how to get its API keys."""
