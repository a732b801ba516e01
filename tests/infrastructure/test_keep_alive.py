"""The schedule that keeps idle connections open."""

import re
from typing import Any

import pytest

IDLE_MINUTES = 10
"""After which API Gateway closes a connection (its WebSocket quotas table)."""
LAMBDA_RETRIES_AFTER_MINUTES = 1
"""Lambda developer guide, "Error handling for asynchronous invocation"."""


def test_connections_are_kept_open_unless_the_deploy_says_otherwise(
    master: dict[str, Any], api: dict[str, Any]
) -> None:
    """A deploy without it has neither the rule nor the function, nor their log and role."""
    parts = {name: each for name, each in api["Resources"].items() if name.startswith("KeepAlive")}

    assert master["Parameters"]["KeepAlive"]["Default"] == "yes"
    assert sorted(each["Type"].rpartition("::")[2] for each in parts.values()) == [
        "Function", "LogGroup", "Permission", "Role", "Rule",
    ]  # fmt: skip
    assert {each["Condition"] for each in parts.values()} == {"KeepsAlive"}
    assert api["Conditions"]["KeepsAlive"] == {"Fn::Equals": [{"Ref": "KeepAlive"}, "yes"]}


def test_a_frame_comes_before_a_connection_counts_as_idle(api: dict[str, Any]) -> None:
    """Even if the first attempt fails."""
    expression = api["Resources"]["KeepAliveRule"]["Properties"]["ScheduleExpression"]
    minutes = re.fullmatch(r"rate\((\d+) minutes\)", expression)

    assert minutes
    assert int(minutes[1]) + LAMBDA_RETRIES_AFTER_MINUTES < IDLE_MINUTES


def test_the_rule_invokes_the_function_and_nothing_else_does(api: dict[str, Any]) -> None:
    """EventBridge needs no role for that, but the function's own permission."""
    rule, permission = (api["Resources"][name]["Properties"] for name in ("KeepAliveRule", "KeepAlivePermission"))

    assert [each["Arn"] for each in rule["Targets"]] == [{"Fn::GetAtt": ["KeepAliveFunction", "Arn"]}]
    assert permission == {
        "FunctionName": {"Ref": "KeepAliveFunction"},
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
        "SourceArn": {"Fn::GetAtt": ["KeepAliveRule", "Arn"]},
    }


@pytest.mark.parametrize("stack", ["Alarms", "Dashboard"])
def test_what_watches_the_function_is_told_whether_there_is_one(master: dict[str, Any], stack: str) -> None:
    """An output of a nested stack exists only where its condition holds."""
    assert master["Resources"][stack]["Properties"]["Parameters"]["KeepAliveFunction"] == {
        "Fn::If": ["KeepsAlive", {"Fn::GetAtt": ["Api", "Outputs.KeepAliveFunction"]}, ""]
    }
    assert master["Conditions"]["KeepsAlive"] == {"Fn::Equals": [{"Ref": "KeepAlive"}, "yes"]}


def test_protocol_of_clients_that_name_none_is_that_of_the_samples(master: dict[str, Any]) -> None:
    """Clients of AWS's samples keep working, whatever else is spoken here."""
    parameter = master["Parameters"]["DefaultProtocol"]

    assert (parameter["Default"], parameter["AllowedValues"]) == ("plain", ["plain", "centrifuge"])
