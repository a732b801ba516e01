"""The functions: their code, their environment, their logs."""

import ast
from pathlib import Path
from typing import Any

import pytest

TABLE = {"Ref": "TableName"}
QUEUE = {"Ref": "QueueUrl"}
ENDPOINT = {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${StageName}"}

HANDLERS = {
    "ConnectFunction": "entrypoints.aws_lambda.connect.handler",
    "DisconnectFunction": "entrypoints.aws_lambda.disconnect.handler",
    "SendMessageFunction": "entrypoints.aws_lambda.send_message.handler",
    "DefaultFunction": "entrypoints.aws_lambda.default.handler",
    "FanOutFunction": "entrypoints.aws_lambda.fan_out.handler",
    "KeepAliveFunction": "entrypoints.aws_lambda.keep_alive.handler",
}
PROTOCOL = {"Ref": "DefaultProtocol"}
DELIVERING = {"CONNECTIONS_TABLE": TABLE, "FAN_OUT_QUEUE": QUEUE, "MANAGEMENT_ENDPOINT": ENDPOINT}
RECEIVING = {
    **DELIVERING,
    "MESSAGE_RATE": {"Ref": "MessageRate"},
    "MESSAGE_BURST": {"Ref": "MessageBurst"},
    "DEFAULT_PROTOCOL": PROTOCOL,
}
ENVIRONMENTS = {
    "ConnectFunction": {"CONNECTIONS_TABLE": TABLE, "DEFAULT_PROTOCOL": PROTOCOL},
    "DisconnectFunction": DELIVERING,
    "SendMessageFunction": RECEIVING,
    "DefaultFunction": RECEIVING,
    "FanOutFunction": DELIVERING,
    "KeepAliveFunction": DELIVERING,
}


@pytest.fixture
def functions(api: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the properties of every function, by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in api["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def test_each_function_has_its_handler(functions: dict[str, dict[str, Any]]) -> None:
    """There is one function for each route, the worker behind the queue, and the one of the schedule."""
    assert {name: properties["Handler"] for name, properties in functions.items()} == HANDLERS


@pytest.mark.parametrize("function", HANDLERS)
def test_the_handler_is_in_the_code_that_is_uploaded(
    repository: Path, functions: dict[str, dict[str, Any]], function: str
) -> None:
    """Lambda would notice a missing handler only at the first event."""
    code = repository / "infrastructure" / functions[function]["CodeUri"]
    *module, name = functions[function]["Handler"].split(".")

    tree = ast.parse(code.joinpath(*module).with_suffix(".py").read_text(encoding="utf-8"))

    assert name in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


def test_a_function_is_told_what_it_uses_and_no_more(functions: dict[str, dict[str, Any]]) -> None:
    """All use the table. Those that deliver also post, and wake workers."""
    told = {name: properties["Environment"]["Variables"] for name, properties in functions.items()}

    assert told == ENVIRONMENTS


def test_functions_run_on_arm64_with_the_memory_asked_for(api: dict[str, Any]) -> None:
    """arm64 is the cheaper of the two architectures."""
    common = api["Globals"]["Function"]

    assert (common["Runtime"], common["Architectures"]) == ("python3.13", ["arm64"])
    assert common["MemorySize"] == {"Ref": "FunctionMemory"}


def test_log_records_are_structured_and_of_the_level_asked_for(api: dict[str, Any]) -> None:
    """Lambda filters by level only with the JSON format."""
    assert api["Globals"]["Function"]["LoggingConfig"] == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": {"Ref": "LogLevel"},
    }


@pytest.mark.parametrize("function", HANDLERS)
def test_logs_of_a_function_are_kept_as_long_as_asked_and_go_with_the_stack(
    api: dict[str, Any], functions: dict[str, dict[str, Any]], function: str
) -> None:
    """The log group that Lambda creates by itself never expires."""
    group = api["Resources"][functions[function]["LoggingConfig"]["LogGroup"]["Ref"]]

    assert group["Type"] == "AWS::Logs::LogGroup"
    assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert (group["DeletionPolicy"], group["UpdateReplacePolicy"]) == ("Delete", "Delete")


def test_no_two_functions_share_a_log_group(api: dict[str, Any], functions: dict[str, dict[str, Any]]) -> None:
    """The names include the stack's name, so that stacks share none either."""
    groups = [properties["LoggingConfig"]["LogGroup"]["Ref"] for properties in functions.values()]
    names = [api["Resources"][group]["Properties"]["LogGroupName"]["Fn::Sub"] for group in groups]

    assert len(set(names)) == len(functions)
    assert all(name.startswith("/aws/lambda/${AWS::StackName}-") for name in names)
