"""The log of a `chat local` that cannot start: one line."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.local_stack import CHAT

NO_SUCH_INTEGRATION = """
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: x, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action}
  Connect:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Api, RouteKey: $connect, Target: !Sub "integrations/${Missing}"}
"""
NO_API = """
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
"""


def refusal(*arguments: str) -> str:
    """Run `chat local`, which cannot start; return the one line of its log."""
    command = [str(CHAT), "local", "--port", "0", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0].removeprefix("error: ")


NO_SUCH_EXPRESSION = """
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: mine, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.header.action}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: dev}
"""


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("Resources:\n  A: [1\n  B: x\n", "line 3, column 4"),
        (NO_SUCH_INTEGRATION, "Connect: refers to Missing"),
        (NO_API, "the template has no WebSocket API"),
        (NO_SUCH_EXPRESSION, "mine: not a route selection expression: '$request.header.action'"),
    ],
    ids=["not YAML", "undefined reference", "no API", "no expression"],
)
def test_template_at_fault_is_told_with_the_place(tmp_path: Path, template: str, said: str) -> None:
    """The message names the place, so that a person can correct it."""
    path = tmp_path / "template.yaml"
    path.write_text(template)
    assert said in refusal("--template", str(path))


def test_missing_template_is_named() -> None:
    """The path may be mistyped."""
    assert "nowhere.yaml: No such file" in refusal("--template", "nowhere.yaml")


@pytest.mark.parametrize(
    ("override", "said"),
    [("Unknown=1", "there is no parameter Unknown"), ("LogLevel=LOUD", "allowed are DEBUG, INFO, WARN, ERROR")],
)
def test_parameter_at_fault_is_told_with_what_is_allowed(override: str, said: str) -> None:
    """CloudFormation refuses these values too."""
    assert said in refusal("--parameter-overrides", override)


def test_dynamodb_that_does_not_answer_is_named() -> None:
    """DynamoDB Local may not have been started."""
    assert "The DynamoDB at http://127.0.0.1:9 failed" in refusal("--dynamodb-endpoint", "http://127.0.0.1:9")


@pytest.fixture
def taken() -> Iterator[str]:
    """Listen on a port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


@pytest.mark.parametrize("option", ["--port", "--page-port"])
def test_port_that_is_taken_is_told_with_the_option_that_changes_it(taken: str, option: str) -> None:
    """Another `make run` may still be running."""
    assert refusal(option, taken) == f"Port {taken} is taken; choose another with {option} (0 takes any free one)."
