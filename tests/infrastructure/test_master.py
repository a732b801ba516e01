"""The master template: its parameters, nested stacks and outputs."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

NESTED = {
    "Storage": "storage",
    "Queue": "queue",
    "GatewayLogging": "gateway_logging",
    "Authorizer": "authorizer",
    "Api": "api",
    "Domain": "domain",
    "ChatPage": "page",
    "Alarms": "alarms",
    "Budget": "budget",
    "Dashboard": "dashboard",
}


def test_it_deploys_without_an_answer_to_any_question(master: dict[str, Any]) -> None:
    """Every parameter has a default."""
    assert [name for name, parameter in master["Parameters"].items() if "Default" not in parameter] == []


def test_every_parameter_and_output_is_described(master: dict[str, Any]) -> None:
    """The console and the command line show these descriptions."""
    described = {**master["Parameters"], **master["Outputs"]}

    assert [name for name, entry in described.items() if not entry.get("Description")] == []


@pytest.mark.parametrize("stage", ["dev", "v1_2-blue", "x" * 128])
def test_a_stage_name_that_the_gateway_takes_is_accepted(master: dict[str, Any], stage: str) -> None:
    """API Gateway: 1 to 128 letters, digits, hyphens and underscores."""
    assert re.fullmatch(master["Parameters"]["StageName"]["AllowedPattern"], stage)


@pytest.mark.parametrize("stage", ["", "a b", "$default", "a/b", "x" * 129])
def test_a_stage_name_that_the_gateway_refuses_is_refused_before_anything_is_created(
    master: dict[str, Any], stage: str
) -> None:
    """CloudFormation checks the pattern before it creates anything."""
    assert not re.fullmatch(master["Parameters"]["StageName"]["AllowedPattern"], stage)


def test_it_holds_nested_stacks_alone(master: dict[str, Any]) -> None:
    """Each part has a template of its own."""
    kinds = {name: resource["Type"] for name, resource in master["Resources"].items()}

    assert kinds == dict.fromkeys(NESTED, "AWS::CloudFormation::Stack")


def test_nested_templates_are_files_of_the_repository(repository: Path, master: dict[str, Any]) -> None:
    """`aws cloudformation package`, `sam` and the local stack find them by relative path."""
    for resource in master["Resources"].values():
        assert (repository / "infrastructure" / resource["Properties"]["TemplateURL"]).is_file()


@pytest.mark.parametrize(("stack", "template"), NESTED.items())
def test_a_nested_stack_gets_the_parameters_it_declares(
    request: pytest.FixtureRequest, master: dict[str, Any], stack: str, template: str
) -> None:
    """A missing or an unknown parameter fails the deploy."""
    given = master["Resources"][stack]["Properties"].get("Parameters", {})

    assert set(given) == set(request.getfixturevalue(template).get("Parameters", {}))


def test_every_parameter_reaches_a_nested_stack_or_decides_whether_there_is_one(master: dict[str, Any]) -> None:
    """A parameter that changes nothing would mislead."""
    given = json.dumps([master["Conditions"], [each["Properties"] for each in master["Resources"].values()]])

    assert [name for name in master["Parameters"] if json.dumps({"Ref": name}) not in given] == []


WEB_SOCKET_URL = {
    "Fn::If": [
        "HasDomain",
        {"Fn::GetAtt": ["Domain", "Outputs.WebSocketUrl"]},
        {"Fn::GetAtt": ["Api", "Outputs.WebSocketUrl"]},
    ]
}
HANDED_ON: dict[str, tuple[str | None, list[str]]] = {
    "ManagementEndpoint": (None, ["Api", "Outputs.ManagementEndpoint"]),
    "ConnectionsTableName": (None, ["Storage", "Outputs.TableName"]),
    "DomainTarget": ("HasDomain", ["Domain", "Outputs.Target"]),
    "PageUrl": ("ServesPage", ["ChatPage", "Outputs.PageUrl"]),
    "PageBucketName": ("ServesPage", ["ChatPage", "Outputs.PageBucketName"]),
    "DistributionId": ("ServesPage", ["ChatPage", "Outputs.DistributionId"]),
    "DashboardUrl": ("Watches", ["Dashboard", "Outputs.Url"]),
    "TokenSecretArn": ("SharesSecret", ["Authorizer", "Outputs.SecretArn"]),
}


def test_clients_connect_to_the_name_where_there_is_one(master: dict[str, Any]) -> None:
    """The page connects to it too."""
    assert master["Outputs"]["WebSocketUrl"]["Value"] == WEB_SOCKET_URL
    assert master["Resources"]["ChatPage"]["Properties"]["Parameters"] == {"SocketUrl": WEB_SOCKET_URL}


@pytest.mark.parametrize("name", HANDED_ON)
def test_what_a_nested_stack_tells_is_handed_on(
    request: pytest.FixtureRequest, master: dict[str, Any], name: str
) -> None:
    """The output has the condition of the nested stack, or one that implies it."""
    condition, (stack, attribute) = HANDED_ON[name]
    output = master["Outputs"][name]

    assert (output.get("Condition"), output["Value"]) == (condition, {"Fn::GetAtt": [stack, attribute]})
    assert attribute.removeprefix("Outputs.") in request.getfixturevalue(NESTED[stack])["Outputs"]
    assert condition == "SharesSecret" or master["Resources"][stack].get("Condition") == condition


def test_nothing_else_is_told(master: dict[str, Any], storage: dict[str, Any]) -> None:
    """The list above is complete."""
    assert set(master["Outputs"]) == {"WebSocketUrl", *HANDED_ON}
    assert set(storage["Outputs"]) == {"TableName", "TableArn"}
