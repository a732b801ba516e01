"""The stage: its throttle, its metrics and its logs."""

import json
import re
from typing import Any

import pytest

# API Gateway developer guide, "Configure logging for WebSocket APIs": those that a client cannot choose the text of.
HARMLESS = {
    "$context.authorizer.latency",
    "$context.authorizer.status",
    "$context.connectionId",
    "$context.error.responseType",
    "$context.eventType",
    "$context.identity.sourceIp",
    "$context.integration.latency",
    "$context.integration.status",
    "$context.requestId",
    "$context.requestTime",
    "$context.routeKey",
    "$context.stage",
    "$context.status",
}


@pytest.fixture
def stage(api: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of the stage."""
    return dict(api["Resources"]["Stage"]["Properties"])


@pytest.fixture
def access_log(stage: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of the access log."""
    condition, settings, otherwise = stage["AccessLogSettings"]["Fn::If"]
    assert (condition, otherwise) == ("LogsAccess", {"Ref": "AWS::NoValue"})
    return dict(settings)


def test_requests_are_throttled_as_asked(master: dict[str, Any], stage: dict[str, Any]) -> None:
    """Requests of strangers cost money, and the account's quota of 10,000/s (burst 5,000) is shared by all its APIs."""
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == {"Ref": "RequestRate"}
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] == {"Ref": "RequestBurst"}
    assert master["Parameters"]["RequestRate"]["Default"] <= 10_000 / 100
    assert master["Parameters"]["RequestBurst"]["Default"] <= 5_000 / 10


def test_each_route_is_measured(stage: dict[str, Any]) -> None:
    """The alarms and the dashboard show routes separately."""
    assert stage["DefaultRouteSettings"]["DetailedMetricsEnabled"] is True


def test_what_people_write_is_not_logged(stage: dict[str, Any]) -> None:
    """The gateway's execution log would contain every body, and every header with a token."""
    assert stage["DefaultRouteSettings"]["LoggingLevel"] == "OFF"
    assert stage["DefaultRouteSettings"]["DataTraceEnabled"] is False


def test_access_log_is_one_json_object_a_line_without_anything_of_the_client(access_log: dict[str, Any]) -> None:
    """A query string or a header may contain a token, and a client's text may end the line or the JSON string."""
    line = access_log["Format"]

    assert "\n" not in line
    assert set(re.findall(r"\$[\w.]+", line)) == HARMLESS
    assert set(json.loads(line).values()) == HARMLESS


def test_access_log_is_kept_as_long_as_asked_and_goes_with_the_stack(
    api: dict[str, Any], access_log: dict[str, Any]
) -> None:
    """API Gateway expects the ARN without the `:*` that CloudFormation returns."""
    group = api["Resources"]["AccessLog"]

    assert access_log["DestinationArn"]["Fn::Sub"].endswith(":log-group:${AccessLog}")
    assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert (group["DeletionPolicy"], group["UpdateReplacePolicy"]) == ("Delete", "Delete")


def test_stage_logs_where_the_account_has_a_role_for_it(master: dict[str, Any]) -> None:
    """Without a role, API Gateway would reject the stage, and a first deploy would fail."""
    assert master["Parameters"]["AccessLogs"]["Default"] == "none"
    assert master["Resources"]["GatewayLogging"]["Condition"] == "MakesLogRole"
    assert master["Resources"]["Api"]["Properties"]["Parameters"]["AccessLogs"]["Fn::If"] == [
        "MakesLogRole",
        {"Fn::GetAtt": ["GatewayLogging", "Outputs.RoleArn"]},
        {"Ref": "AccessLogs"},
    ]


def test_role_for_all_apis_outlives_the_stack(gateway_logging: dict[str, Any]) -> None:
    """Other APIs log with it too. Only API Gateway can assume it, with the permissions that API Gateway requires."""
    for resource in gateway_logging["Resources"].values():
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    role = gateway_logging["Resources"]["GatewayLogRole"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    (policy,) = role["ManagedPolicyArns"]

    assert trust["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert policy["Fn::Sub"].endswith(":aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs")
    assert "Policies" not in role
