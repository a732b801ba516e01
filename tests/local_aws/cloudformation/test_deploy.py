"""Templates of several styles, deployed to a real moto process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.local_aws.conftest import TEMPLATES, Deploy

REPOSITORY = Path(__file__).parents[3]
SHARED_NAMES = """
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: x, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: chat}
  Role:
    Type: AWS::IAM::Role
    Properties: {RoleName: chat, AssumeRolePolicyDocument: {}}
"""


async def test_a_plain_template_gives_its_routes(deployed: Deploy) -> None:
    """Both forms of integration URI, a route that answers and one without a target are read back."""
    deployment = await deployed("plain.yaml")
    (api,) = deployment.apis
    function = next(each for each in deployment.functions if each.logical_id == "Function")
    assert (api.name, api.stage, api.region, dict(api.stage_variables)) == (
        "plain",
        "prod",
        "eu-west-1",
        {"colour": "blue"},
    )
    assert len(api.id) == 10
    assert api.routes.keys() == {"$connect", "ask", "mute"}
    connect, ask = api.routes["$connect"].integration, api.routes["ask"].integration
    assert connect is not None
    assert ask is not None
    assert (connect.function_arn, connect.timeout_ms) == (function.arn, 29_000)
    assert (ask.function_arn, ask.timeout_ms) == (function.arn, 1500)
    assert (connect.credentials_arn, ask.credentials_arn) == ("", function.role_arn)
    assert (api.routes["ask"].returns_response, api.routes["mute"].integration) == (True, None)


async def test_a_function_has_what_its_template_gives_it(deployed: Deploy) -> None:
    """Conditions, mappings, defaults and texts come out as CloudFormation has them."""
    deployment = await deployed("plain.yaml")
    function = next(each for each in deployment.functions if each.logical_id == "Function")
    assert function.code == TEMPLATES / "src"
    assert (function.handler, function.runtime) == ("app.handler", "python3.12")
    assert (function.timeout_seconds, function.memory_mb, function.log_level) == (7, 128, "WARN")
    assert ":role/" in function.role_arn
    assert dict(function.environment) == {
        "VERBOSE": "yes",
        "LIMITED": "yes",
        "FLAG": "true",
        "COLOURS": "red+green",
        "LITERAL": "${Kept} chat-5",
        "TABLE": deployment.tables[0].name,
    }


async def test_parameters_change_what_is_created(deployed: Deploy) -> None:
    """Overrides reach mappings and conditions, and what hangs on those."""
    deployment = await deployed("plain.yaml", Limit="6", Size="large", Colours="blue", Prefix="other")
    function = next(each for each in deployment.functions if each.logical_id == "Function")
    assert function.memory_mb == 1024
    assert (function.environment["LIMITED"], function.environment["COLOURS"]) == ("no", "blue")
    assert function.environment["LITERAL"] == "${Kept} other-6"
    assert len(deployment.tables) == 2
    assert "Seldom" in deployment.outputs


async def test_inline_code_becomes_index_py(deployed: Deploy) -> None:
    """Lambda's own name for the file of a ZipFile text."""
    deployment = await deployed("plain.yaml")
    inline = next(each for each in deployment.functions if each.logical_id == "Inline")
    assert 'return "inline"' in (inline.code / "index.py").read_text()


async def test_what_has_no_effect_is_named(deployed: Deploy) -> None:
    """A resource that is not run here can still be referred to."""
    deployment = await deployed("plain.yaml")
    assert deployment.notices == ("Not emulated: AWS::CloudWatch::Alarm: Alarm",)
    assert deployment.outputs["AlarmArn"].startswith("arn:")
    assert deployment.outputs["Endpoint"] == f"wss://{deployment.apis[0].id}.execute-api.eu-west-1.amazonaws.com"


async def test_sam_functions_with_globals_aliases_and_policies(deployed: Deploy) -> None:
    """SAM is expanded by AWS's translator; an alias is one of its function."""
    deployment = await deployed("sam_functions.yaml")
    (function,) = deployment.functions
    integration = deployment.apis[0].routes["$connect"].integration
    assert integration is not None
    assert integration.function_arn == f"{function.arn}:live"
    assert (function.code, dict(function.environment)) == (TEMPLATES / "src", {"SHARED": "common"})
    assert len(deployment.tables) == 1


async def test_authorizer_of_a_route_is_read_with_its_function_and_identity_sources(deployed: Deploy) -> None:
    """The gateway asks it before `$connect`."""
    deployment = await deployed("sam_functions.yaml")
    route = deployment.apis[0].routes["$connect"]
    assert route.authorization_type == "CUSTOM"
    assert route.authorizer is not None
    assert route.authorizer.function_arn in {function.arn for function in deployment.functions}
    assert route.authorizer.identity_sources


async def test_what_sam_holds_and_cannot_be_run_is_named(deployed: Deploy) -> None:
    """The person learns of layers and other languages before wondering."""
    deployment = await deployed("sam_functions.yaml")
    assert set(deployment.notices) == {
        "Nothing to import in the layer Shared8058935402: it has no folder `python`",
        "Not emulated: Elsewhere: its runtime is nodejs22.x, and only Python can be run here",
    }


async def test_sams_own_websocket_api(deployed: Deploy) -> None:
    """The newer resource type, which makes routes, integrations and stage by itself."""
    deployment = await deployed("sam_websocket_api.yaml")
    (api,) = deployment.apis
    sendmessage = api.routes["sendmessage"].integration
    assert (api.stage, set(api.routes)) == ("live", {"$connect", "sendmessage"})
    assert sendmessage is not None
    assert sendmessage.timeout_ms == 2000


async def test_nested_stacks_pass_parameters_and_outputs(deployed: Deploy) -> None:
    """A default in a nested template does not win over what the parent computes."""
    deployment = await deployed("nested/master.yaml", Stage="blue")
    (function,) = deployment.functions
    (api,) = deployment.apis
    assert (function.logical_id, function.timeout_seconds, api.stage) == ("Service/Function", 9, "blue")
    assert function.environment["TABLE"] == deployment.tables[0].name
    assert deployment.outputs["Url"] == f"wss://{api.id}.execute-api.eu-west-1.amazonaws.com/blue"
    assert deployment.outputs["Joined"] == f"{deployment.tables[0].name}/{deployment.outputs['Url']}"


async def test_this_projects_own_template(deployed: Deploy) -> None:
    """What `chat local` runs unless told otherwise has nothing that is left out."""
    deployment = await deployed(REPOSITORY / "infrastructure" / "template.yaml")
    assert deployment.apis[0].routes.keys() >= {"$connect", "$disconnect", "sendmessage", "$default"}
    assert {each.code for each in deployment.functions} == {REPOSITORY / "src"}
    assert deployment.notices == ()


async def test_this_projects_own_template_with_what_only_aws_can_do(deployed: Deploy) -> None:
    """Alarms, a budget and reserved concurrency are told of, each by a line; the rest runs."""
    options = {"AlarmEmail": "a@example.com", "MonthlyBudget": "50", "ReservedConcurrency": "10"}
    deployment = await deployed(REPOSITORY / "infrastructure" / "template.yaml", **options)
    assert "Not emulated: AWS::Budgets::Budget: Budget/Budget" in deployment.notices
    names = ("Connect", "Disconnect", "SendMessage", "Default", "KeepAlive")
    functions = ", ".join(f"Api/{each}Function" for each in names)
    assert f"No effect here, ReservedConcurrentExecutions of AWS::Lambda::Function: {functions}" in deployment.notices


@pytest.mark.parametrize("kind", ["AWS_PROFILE", "HTTP_PROXY", "AWS_ENDPOINT_URL", "AWS_CONFIG_FILE"])
async def test_nothing_of_the_developers_setup_is_used(
    deployed: Deploy, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Settings that would lead elsewhere, or nowhere, change nothing."""
    monkeypatch.setenv(kind, "http://127.0.0.1:9/absent")
    assert (await deployed("sam_websocket_api.yaml")).apis


async def test_what_shares_a_name_is_not_called_by_it(deployed: Deploy, written: Callable[[str], Path]) -> None:
    """A person would be told of the wrong resource; a role is known as one all the same."""
    deployment = await deployed(written(SHARED_NAMES))
    assert "chat" not in deployment.physical_ids
    assert [each.logical_id for each in deployment.roles] == ["Role"]
    assert deployment.physical_ids[deployment.apis[0].id] == "Api"


async def test_sams_own_websocket_api_takes_its_globals_and_settings(deployed: Deploy) -> None:
    """Variables of Globals are joined by its own, and every setting of the one resource arrives."""
    (api,) = (await deployed("sam_guarded_websocket_api.yaml")).apis
    assert (api.name, api.stage) == ("full", "default")
    assert dict(api.stage_variables) == {"colour": "blue", "shape": "round"}
    assert (api.default_throttle.rate, api.route_throttles["slow"].burst) == (500, 1)
    assert api.routes["$connect"].authorizer is not None
    assert api.routes["$connect"].authorizer.identity_sources == ("route.request.querystring.token",)
    assert api.routes["send"].request_models["$default"]["required"] == ["text"]


async def test_mock_integrations_are_read_with_their_responses(deployed: Deploy) -> None:
    """Templates and what selects them, on both ways."""
    deployment = await deployed("mock.yaml")
    routes = deployment.apis[0].routes
    connect, default = routes["$connect"].mock, routes["$default"].mock
    assert connect is not None
    assert default is not None
    assert (connect.request.selection_expression, dict(connect.request.templates)) == (
        "200",
        {"200": '{"statusCode": 200}'},
    )
    assert default.responses.keys() == {"/2\\d\\d/"}
    assert default.responses["/2\\d\\d/"].templates["ping"] == '{"pong": true}'
    assert deployment.notices == ()
