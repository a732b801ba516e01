"""The WebSocket API, from a frame to its function."""

import re
from typing import Any

import pytest

ROUTES = {
    "$connect": "ConnectFunction",
    "$disconnect": "DisconnectFunction",
    "sendmessage": "SendMessageFunction",
    "$default": "DefaultFunction",
}
PUBLISHING = ["SendMessageFunction", "DefaultFunction"]
API_ID = {"Ref": "Api"}


def of_type(api: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of every resource of the type `kind`, by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in api["Resources"].items()
        if resource["Type"] == f"AWS::{kind}"
    }


def integration_behind(api: dict[str, Any], route_key: str) -> dict[str, Any]:
    """Return the properties of the integration that is the route's target."""
    (route,) = [r for r in of_type(api, "ApiGatewayV2::Route").values() if r["RouteKey"] == route_key]
    target = re.fullmatch(r"integrations/\$\{(\w+)\}", route["Target"]["Fn::Sub"])
    assert target
    return of_type(api, "ApiGatewayV2::Integration")[target[1]]


def test_frames_are_routed_by_their_action(api: dict[str, Any]) -> None:
    """Existing clients of AWS's chat samples use this name."""
    (gateway,) = of_type(api, "ApiGatewayV2::Api").values()

    assert gateway["ProtocolType"] == "WEBSOCKET"
    assert gateway["RouteSelectionExpression"] == "$request.body.action"


def test_the_routes_are_the_four_of_the_chat(api: dict[str, Any]) -> None:
    """Each route is one resource of the one API."""
    routes = of_type(api, "ApiGatewayV2::Route").values()

    assert sorted(route["RouteKey"] for route in routes) == sorted(ROUTES)
    assert all(route["ApiId"] == API_ID for route in routes)


@pytest.mark.parametrize(("route_key", "function"), ROUTES.items())
def test_a_route_leads_to_its_function(api: dict[str, Any], route_key: str, function: str) -> None:
    """API Gateway identifies a function by the path of its Invoke operation."""
    integration = integration_behind(api, route_key)

    assert integration["ApiId"] == API_ID
    assert integration["IntegrationType"] == "AWS_PROXY"
    assert integration["IntegrationUri"]["Fn::Sub"] == (
        "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
        f"${{{function}.Arn}}/invocations"
    )
    assert function in of_type(api, "Serverless::Function")


@pytest.mark.parametrize(("route_key", "function"), ROUTES.items())
def test_a_function_can_be_invoked_by_its_own_route_alone(api: dict[str, Any], route_key: str, function: str) -> None:
    """API Gateway's source ARN is api/stage/route key."""
    permissions = of_type(api, "Lambda::Permission").values()

    (permission,) = [p for p in permissions if p["FunctionName"] == {"Ref": function}]

    assert permission["Action"] == "lambda:InvokeFunction"
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["SourceArn"]["Fn::Sub"] == (
        "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/${StageName}/" + route_key
    )


@pytest.mark.parametrize(("route_key", "function"), ROUTES.items())
def test_a_function_ends_before_the_gateway_gives_it_up(api: dict[str, Any], route_key: str, function: str) -> None:
    """API Gateway waits at most 29 s; a function that runs longer is billed for nothing."""
    timeout = of_type(api, "Serverless::Function")[function].get("Timeout", api["Globals"]["Function"]["Timeout"])

    assert timeout * 1000 < integration_behind(api, route_key)["TimeoutInMillis"] == 29_000


@pytest.mark.parametrize("function", PUBLISHING)
def test_a_function_that_delivers_a_message_has_all_the_time_there_is(api: dict[str, Any], function: str) -> None:
    """A client of either protocol publishes to a large room with as few hand-overs to a worker as possible."""
    assert of_type(api, "Serverless::Function")[function]["Timeout"] == 28


def test_clients_get_the_secure_url_and_functions_the_posting_one(api: dict[str, Any]) -> None:
    """Both have the same API and stage."""
    host = "${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${StageName}"

    assert {name: api["Outputs"][name]["Value"] for name in ("WebSocketUrl", "ManagementEndpoint")} == {
        "WebSocketUrl": {"Fn::Sub": f"wss://{host}"},
        "ManagementEndpoint": {"Fn::Sub": f"https://{host}"},
    }
