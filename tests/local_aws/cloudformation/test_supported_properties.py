"""What docs/local_aws/templates.md lists, held against what is done with templates of each kind."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from local_aws.cloudformation.placeholders import WITHOUT_EFFECT
from local_aws.cloudformation.supported_properties import PROPERTIES
from local_aws.errors import TemplateError
from tests.local_aws.conftest import Deploy

PAGE = Path(__file__).parents[3] / "docs" / "local_aws" / "templates.md"

API = "Name: x, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action"
FUNCTION = "Code: src, Handler: app.handler, Runtime: python3.12"
INTEGRATION = "IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Function.Arn"
ROUTE = "RouteKey: $connect"


def template(
    *,
    head: str = "",
    api: str = API,
    function: str = FUNCTION,
    integration: str = INTEGRATION,
    route: str = ROUTE,
    more: str = "",
) -> str:
    """Return a template of one route and one function; each argument takes the place of a part, as flow YAML."""
    return f"""
{head}
Resources:
  Api: {{Type: AWS::ApiGatewayV2::Api, Properties: {{{api}}}}}
  Stage: {{Type: AWS::ApiGatewayV2::Stage, Properties: {{ApiId: !Ref Api, StageName: dev}}}}
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: {{ApiId: !Ref Api, Target: !Sub "integrations/${{Integration}}", {route}}}
  Integration: {{Type: AWS::ApiGatewayV2::Integration, Properties: {{ApiId: !Ref Api, {integration}}}}}
  Function: {{Type: AWS::Lambda::Function, Properties: {{Role: arn:aws:iam::123456789012:role/x, {function}}}}}
  {more}
"""


def variable(value: str) -> str:
    """Return the template whose function has a variable of this value."""
    return template(function=f"{FUNCTION}, Environment: {{Variables: {{X: {value}}}}}")


def resource(kind: str, properties: str = "") -> str:
    """Return the template with one more resource."""
    return template(more=f"Other: {{Type: {kind}, Properties: {{{properties}}}}}")


SAM = "Transform: AWS::Serverless-2016-10-31"
SKILLED = "CodeUri: src, Handler: a.b, Runtime: python3.12, Events: {E: {Type: AlexaSkill}}"

REFUSED = {
    "its runtime is": template(function="Code: src, Handler: index.handler, Runtime: nodejs22.x"),
    "it has no Runtime": template(function="Code: src, Handler: app.handler"),
    "it has no Handler": template(function="Code: src, Runtime: python3.12"),
    "it is a container image": template(function="PackageType: Image, Code: {ImageUri: x}"),
    "its code is not on this machine": template(function=FUNCTION.replace("src", "{S3Bucket: a, S3Key: b}")),
    "its code is not there": template(function=FUNCTION.replace("src", "nowhere")),
    "its inline code is computed by the template": template(
        function=FUNCTION.replace("src", "{ZipFile: !Join ['', [a, b]]}")
    ),
    "is meant for no Lambda function": template(integration="IntegrationType: AWS_PROXY, IntegrationUri: https://x"),
    "does not exist": template(route=f"{ROUTE}, Target: integrations/nowhere").replace(
        'Target: !Sub "integrations/${Integration}", ', ""
    ),
    "has CUSTOM authorization but no authorizer": template(route=f"{ROUTE}, AuthorizationType: CUSTOM"),
    "a WebSocket API needs": template(api="Name: x, ProtocolType: WEBSOCKET"),
    "the template has no WebSocket API": template(api="Name: x, ProtocolType: HTTP"),
    "has no model": template(route=f"{ROUTE}, ModelSelectionExpression: a, RequestModels: {{a: Missing}}"),
    "its schema refers to": resource(
        "AWS::ApiGatewayV2::Model", "ApiId: !Ref Api, Name: M, Schema: {$ref: 'https://example.com'}"
    ),
    "the transform": template(head="Transform: Mine"),
    "needs `Transform: AWS::Serverless-2016-10-31`": resource("AWS::Serverless::SimpleTable"),
    "Fn::ForEach cannot be run here": template(
        head="Transform: AWS::LanguageExtensions", more="'Fn::ForEach::X': {Type: x}"
    ),
    "cannot be resolved here": variable("{'Fn::Cidr': [a, b]}"),
    "No export named": variable("!ImportValue elsewhere"),
    "refers to": variable("!Ref Missing"),
    "circular reference": template(function=f"{FUNCTION}, Description: !Ref Integration"),
    "has no default, and no value was given": template(head="Parameters: {P: {Type: String}}"),
    "is read from Parameter Store": template(
        head="Parameters: {P: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /a}}"
    ),
    "the Serverless Application Repository cannot be reached": template(
        head=SAM, more="Other: {Type: AWS::Serverless::Application, Properties: {Location: {ApplicationId: x}}}"
    ),
    "its template is not on this machine": resource("AWS::CloudFormation::Stack", "TemplateURL: 'https://x'"),
    "larger than the": "Resources: {}\n#" + "x" * 1_000_000,
    "nested more than": "Resources: " + "[" * 200 + "]" * 200,
    "more than 200,000 values": "A: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\nB: [" + ", ".join(["*a"] * 25_000) + "]",
}

NOTICED = {
    "Not emulated: AWS::": resource("AWS::Events::Archive"),
    "Not emulated: events that match a pattern": resource("AWS::Events::Rule", "EventPattern: {source: [x]}"),
    "Not emulated: the schedule": resource("AWS::Events::Rule", "ScheduleExpression: cron(0 0 ? * 2#1 *)"),
    "Not emulated: a target of the schedule": resource(
        "AWS::Events::Rule",
        "ScheduleExpression: rate(1 day), Targets: [{Id: a, Arn: 'arn:aws:sns:eu-west-1:123456789012:x'}]",
    ),
    "Not emulated: InputPath": resource(
        "AWS::Events::Rule",
        "ScheduleExpression: rate(1 day), Targets: [{Id: a, Arn: !GetAtt Function.Arn, InputPath: $.detail}]",
    ),
    "Not emulated: a HTTP API": resource("AWS::ApiGatewayV2::Api", "Name: y, ProtocolType: HTTP"),
    "Not emulated: an integration of type": template(
        integration="IntegrationType: HTTP_PROXY, IntegrationUri: https://x"
    ),
    "Not emulated: the event": template(
        head=SAM, more=f"Other: {{Type: AWS::Serverless::Function, Properties: {{{SKILLED}}}}}"
    ),
    "Not emulated: Other:": resource(
        "AWS::Lambda::Function", "Code: src, Runtime: ruby3.4, Handler: a.b, Role: 'arn:aws:iam::123456789012:role/x'"
    ),
    "Nothing serves": resource("AWS::ApiGatewayV2::Api", API),
    "No effect here": template(function=f"{FUNCTION}, VpcConfig: {{SubnetIds: [a]}}"),
    "Answers here, and on AWS perhaps only with": template(
        route=f"{ROUTE}, RouteResponseSelectionExpression: $default"
    ),
    "Not resolved": variable("'{{resolve:ssm:/a}}'"),
    "Not looked at here": template(head="Hooks: {}"),
    "Not added: a layer": template(
        function=f"{FUNCTION}, Layers: ['arn:aws:lambda:eu-west-1:210987654321:layer:elsewhere:7']"
    ),
    "Not added: the layer": resource("AWS::Lambda::LayerVersion", "Content: {S3Bucket: a, S3Key: b}"),
    "Nothing to import in the layer": resource("AWS::Lambda::LayerVersion", "Content: src"),
    "Not emulated: the extensions": resource("AWS::Lambda::LayerVersion", "Content: ."),
    "API key": template(
        more="""
  Key: {Type: AWS::ApiGateway::ApiKey, Properties: {Enabled: true}}
  Plan: {Type: AWS::ApiGateway::UsagePlan}
  Both:
    Type: AWS::ApiGateway::UsagePlanKey
    Properties: {KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Plan}
"""
    ),
    "Accepted nowhere: an API key": resource("AWS::ApiGateway::ApiKey"),
}


def section(title: str) -> str:
    """Return a section of the page."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def said(title: str) -> list[str]:
    """Return what a section's table has in its last column."""
    return re.findall(r"^\| .+ \| (?:``? ?)(.+?)(?: ?``?) \|$", section(title), re.MULTILINE)


def codes(cell: str) -> frozenset[str]:
    return frozenset(re.findall(r"`([^`]+)`", cell))


def test_the_page_lists_the_properties_that_have_an_effect() -> None:
    """And those that are accepted without a word, type by type."""
    rows = re.findall(r"^\| `(AWS::\S+)` \| (.*?) \| (.*?) \|$", section("Properties"), re.MULTILINE)
    documented = {kind: (codes(effective), codes(accepted)) for kind, effective, accepted in rows}
    assert documented == {kind: (each.effective, each.accepted) for kind, each in PROPERTIES.items()}


@pytest.mark.parametrize("kind", PROPERTIES)
def test_properties_are_those_of_cloudformation(kind: str) -> None:
    """A name that is written wrongly would have its property told as having no effect."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    assert PROPERTIES[kind].effective | PROPERTIES[kind].accepted <= schema["properties"].keys()
    assert not PROPERTIES[kind].effective & PROPERTIES[kind].accepted


def test_the_page_lists_the_types_that_get_a_stand_in_although_moto_has_them() -> None:
    """Those that it does not have get one as well."""
    assert codes(section("Stand-ins")) >= set(WITHOUT_EFFECT)
    assert {each for each in codes(section("Stand-ins")) if "::" in each} == set(WITHOUT_EFFECT)


def test_the_page_lists_every_refusal_and_notice() -> None:
    """Each of them is tried below."""
    assert sorted(said("Refused")) == sorted(REFUSED)
    assert sorted(said("Notices")) == sorted(NOTICED)


@pytest.mark.parametrize("reason", REFUSED)
async def test_a_template_is_refused_for_the_reason(
    deployed: Deploy, written: Callable[[str], Path], reason: str
) -> None:
    """Before anything is served."""
    with pytest.raises(TemplateError) as caught:
        await deployed(written(REFUSED[reason]))
    assert reason in str(caught.value)


@pytest.mark.parametrize("start", NOTICED)
async def test_a_template_is_served_with_the_notice(
    deployed: Deploy, written: Callable[[str], Path], tmp_path: Path, start: str
) -> None:
    """One line for it, and no other."""
    (tmp_path / "extensions").mkdir()
    (tmp_path / "python").mkdir()
    notices = (await deployed(written(NOTICED[start]))).notices
    assert len(notices) == 1, notices
    assert notices[0].startswith(start)


async def test_a_template_without_anything_of_this_gives_no_notice(
    deployed: Deploy, written: Callable[[str], Path]
) -> None:
    """What is served whole needs no word."""
    assert (await deployed(written(template()))).notices == ()
