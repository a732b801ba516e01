"""Rules for every template."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from cfnlint.decode import decode

from tests.infrastructure.conftest import REPOSITORY

HOLDS_DATA = {
    "AWS::DynamoDB::Table",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::SQS::Queue",
}
FUNCTION = "AWS::Serverless::Function"
CONNECTIONS = tuple(f"${{Api}}/${{StageName}}/{method}/@connections/*" for method in ("POST", "DELETE"))
PIPELINE_ROLE = "pipeline-role.yaml"
"""Its resources do not exist yet when it is deployed; it has tests of its own."""
WORKERS = {"FanOutFunction"}
"""Functions behind a queue: Lambda's limit applies, not the gateway's."""
SCHEDULED = {"KeepAliveFunction"}


def read_all() -> dict[str, dict[str, Any]]:
    """Return every template, by file name."""
    paths = sorted((REPOSITORY / "infrastructure").glob("*.yaml"))
    return {path.name: json.loads(json.dumps(decode(str(path))[0])) for path in paths}


ALL = read_all()
RESOURCES = {(file, name): each for file, template in ALL.items() for name, each in template["Resources"].items()}


def of_types(*kinds: str) -> list[Any]:
    """Return a test parameter for each resource of these types, with its place as id."""
    return [
        pytest.param(file, name, id=f"{file} {name}") for (file, name), r in RESOURCES.items() if r["Type"] in kinds
    ]


def statements(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the statements of every policy document inside a value, conditional ones included."""
    match value:
        case {"Effect": str()}:
            yield value
        case dict():
            for each in value.values():
                yield from statements(each)
        case list():
            for each in value:
                yield from statements(each)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize(("file", "name"), of_types(*HOLDS_DATA, "AWS::CloudFormation::Stack"))
def test_what_happens_to_data_is_said(file: str, name: str) -> None:
    """CloudFormation's defaults differ from type to type."""
    resource = RESOURCES[file, name]

    assert {"DeletionPolicy", "UpdateReplacePolicy"} <= resource.keys()


@pytest.mark.parametrize(("file", "name"), of_types("AWS::IAM::Role", "AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy"))
def test_nothing_is_allowed_by_a_pattern_that_could_be_named(file: str, name: str) -> None:
    """Only ids of connections and names of the page's files are unknown before run time."""
    for statement in statements(RESOURCES[file, name]["Properties"]):
        # X-Ray has no resources that a policy could name.
        if statement["Effect"] == "Deny" or all(action.startswith("xray:") for action in listed(statement["Action"])):
            continue
        assert [action for action in listed(statement["Action"]) if "*" in action or "?" in action] == []
        assert not {"NotAction", "NotResource", "NotPrincipal"} & statement.keys()
        if file == PIPELINE_ROLE:
            continue
        for resource in listed(statement.get("Resource", [])):
            text = json.dumps(resource)
            assert (
                "*" not in text
                or any(each in text for each in CONNECTIONS)
                or text == '{"Fn::Sub": "${PageBucket.Arn}/*"}'
            )


@pytest.mark.parametrize(("file", "name"), of_types(FUNCTION))
def test_function_writes_to_a_log_that_ends(file: str, name: str) -> None:
    """The log group that Lambda creates by itself never expires."""
    group = RESOURCES[file, RESOURCES[file, name]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]]

    assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


@pytest.mark.parametrize(("file", "name"), of_types(FUNCTION))
def test_function_that_the_gateway_waits_for_ends_before_it_is_given_up(file: str, name: str) -> None:
    """API Gateway waits at most 29 s."""
    common = ALL[file].get("Globals", {}).get("Function", {})
    timeout = RESOURCES[file, name]["Properties"].get("Timeout", common.get("Timeout"))

    assert name in WORKERS or timeout < 29


@pytest.mark.parametrize(("file", "name"), of_types(FUNCTION))
def test_function_that_clients_can_make_run_reserves_what_the_deploy_asks_for(file: str, name: str) -> None:
    """The worker is limited by its queue, and what a schedule runs needs one execution."""
    reserved = RESOURCES[file, name]["Properties"].get("ReservedConcurrentExecutions")

    if name in WORKERS:
        assert reserved is None
        (mapping,) = (r for r in RESOURCES.values() if r["Type"] == "AWS::Lambda::EventSourceMapping")
        assert mapping["Properties"]["ScalingConfig"] == {"MaximumConcurrency": 5}
    else:
        most = 1 if name in SCHEDULED else {"Ref": "ReservedConcurrency"}
        assert reserved == {"Fn::If": ["Reserves", most, {"Ref": "AWS::NoValue"}]}
        assert ALL[file]["Conditions"]["Reserves"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "ReservedConcurrency"}, 0]}]}


def test_nothing_is_reserved_unless_the_deploy_says_so() -> None:
    """AWS requires 100 unreserved executions, and a new account has ten in all: it can reserve none."""
    assert ALL["template.yaml"]["Parameters"]["ReservedConcurrency"]["Default"] == 0


@pytest.mark.parametrize(("file", "name"), of_types("AWS::IAM::Role"))
def test_role_carries_the_boundary_that_the_deploy_names(file: str, name: str) -> None:
    """A pipeline's role can create roles only with the boundary; a manual deploy needs none."""
    if file == PIPELINE_ROLE:
        return
    boundary = RESOURCES[file, name]["Properties"]["PermissionsBoundary"]

    assert boundary == {"Fn::If": ["IsBounded", {"Ref": "PermissionsBoundary"}, {"Ref": "AWS::NoValue"}]}
    assert ALL[file]["Conditions"]["IsBounded"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "PermissionsBoundary"}, ""]}]}
    assert ALL["template.yaml"]["Parameters"]["PermissionsBoundary"]["Default"] == ""


def test_whatever_is_invoked_without_an_answer_has_somewhere_to_fail_to() -> None:
    """The gateway receives the failures of the others. A schedule repairs its own with its next run."""
    queues = {name: r["Properties"] for (_, name), r in RESOURCES.items() if r["Type"] == "AWS::SQS::Queue"}
    mapped = [r for r in RESOURCES.values() if r["Type"] == "AWS::Lambda::EventSourceMapping"]
    events = [r for r in RESOURCES.values() if r["Type"] == FUNCTION and "Events" in r["Properties"]]

    rules = [r["Properties"] for r in RESOURCES.values() if r["Type"] == "AWS::Events::Rule"]

    assert events == []
    assert all("ScheduleExpression" in rule and "EventPattern" not in rule for rule in rules)
    assert not mapped or any("RedrivePolicy" in properties for properties in queues.values())


@pytest.mark.parametrize("file", ALL)
def test_resource_that_is_skipped_by_a_scanner_says_why(file: str) -> None:
    """The reason stands beside the resource."""
    for resource in ALL[file]["Resources"].values():
        for skipped in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
            assert skipped["id"].startswith("CKV")
            assert len(skipped["comment"]) > 20
