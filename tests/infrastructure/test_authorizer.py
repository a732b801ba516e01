"""The optional authorizer."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

SECRET = {"Fn::If": ["MakesSecret", {"Ref": "TokenSecret"}, {"Ref": "TokenSecretArn"}]}
NO_VALUE = {"Ref": "AWS::NoValue"}


@pytest.fixture
def function(authorizer: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of the function."""
    (found,) = [r["Properties"] for r in authorizer["Resources"].values() if r["Type"] == "AWS::Serverless::Function"]
    return dict(found)


def test_everyone_may_connect_unless_the_deploy_says_otherwise(master: dict[str, Any]) -> None:
    """By default the nested stack does not exist."""
    assert master["Parameters"]["AuthorizerType"]["Default"] == "none"
    assert master["Resources"]["Authorizer"]["Condition"] == "Authorizes"
    assert master["Resources"]["Api"]["Properties"]["Parameters"]["AuthorizerArn"] == {
        "Fn::If": ["Authorizes", {"Fn::GetAtt": ["Authorizer", "Outputs.FunctionArn"]}, ""]
    }


@pytest.mark.parametrize("name", ["JwksUrl", "TokenIssuer", "TokenAudience"])
def test_published_keys_are_taken_with_issuer_and_audience_alone(master: dict[str, Any], name: str) -> None:
    """An issuer, such as a user pool, signs tokens for other applications too."""
    rule = master["Rules"]["KeySetNamesItsParties"]

    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "AuthorizerType"}, "jwks"]}
    assert {"Fn::Not": [{"Fn::Equals": [{"Ref": name}, ""]}]} in [each["Assert"] for each in rule["Assertions"]]


@pytest.mark.parametrize(
    ("name", "value", "is_taken"),
    [
        ("JwksUrl", "", True),
        ("JwksUrl", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x/.well-known/jwks.json", True),
        ("JwksUrl", "http://issuer.example.com/keys", False),
        ("JwksUrl", "keys", False),
        ("TokenSecretArn", "", True),
        ("TokenSecretArn", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:tokens-AbCdEf", True),
        ("TokenSecretArn", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:*", False),
        ("TokenSecretArn", "*", False),
    ],
)
def test_only_what_can_work_is_taken(master: dict[str, Any], name: str, value: str, is_taken: bool) -> None:
    """The secret's ARN becomes the resource of a permission, and must not widen it."""
    assert bool(re.fullmatch(master["Parameters"][name]["AllowedPattern"], value)) == is_taken


def test_clock_skew_is_a_minute_and_never_more_than_five(master: dict[str, Any]) -> None:
    """An expired token works for this long."""
    skew = master["Parameters"]["ClockSkewSeconds"]
    assert (skew["Default"], skew["MinValue"], skew["MaxValue"]) == (60, 0, 300)


def test_handshakes_alone_are_authorized(api: dict[str, Any]) -> None:
    """API Gateway has no authorizer on any other route of a WebSocket API."""
    routes = [r["Properties"] for r in api["Resources"].values() if r["Type"] == "AWS::ApiGatewayV2::Route"]
    kinds = {route["RouteKey"]: route["AuthorizationType"] for route in routes}
    connect = next(route for route in routes if route["RouteKey"] == "$connect")

    assert kinds.pop("$connect") == {"Fn::If": ["Authorizes", "CUSTOM", "NONE"]}
    assert set(kinds.values()) == {"NONE"}
    assert connect["AuthorizerId"] == {"Fn::If": ["Authorizes", {"Ref": "Authorizer"}, NO_VALUE]}


def test_function_is_asked_of_every_handshake(api: dict[str, Any]) -> None:
    """With identity sources, a handshake would need a token in all three places."""
    authorizer = api["Resources"]["Authorizer"]

    assert authorizer["Condition"] == "Authorizes"
    assert authorizer["Properties"]["AuthorizerType"] == "REQUEST"
    assert "IdentitySource" not in authorizer["Properties"]


def test_function_is_invoked_by_this_authorizer_alone(api: dict[str, Any]) -> None:
    """API Gateway's source ARN is api/authorizers/id."""
    permission = api["Resources"]["AuthorizerPermission"]["Properties"]

    assert permission == {
        "FunctionName": {"Ref": "AuthorizerArn"},
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": {
            "Fn::Sub": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:"
            "${Api}/authorizers/${Authorizer}"
        },
    }


def test_handler_is_in_the_code_that_is_uploaded(repository: Path, function: dict[str, Any]) -> None:
    """Lambda would notice a missing handler only at the first handshake."""
    *module, name = function["Handler"].split(".")
    path = (repository / "infrastructure" / function["CodeUri"]).joinpath(*module).with_suffix(".py")

    assert name in [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]


def test_function_is_told_everything_that_it_reads(repository: Path, function: dict[str, Any]) -> None:
    """A misspelled variable would disable a check."""
    source = (repository / "src/entrypoints/aws_lambda/authorizer_container.py").read_text()
    # Variables of AWS come from the runtime, or from a local stack.
    read = set(re.findall(r'os\.environ(?:\.get\(|\[)"(?!AWS_)(\w+)"', source))

    assert set(function["Environment"]["Variables"]) == read
    assert function["Environment"]["Variables"]["TOKEN_SECRET_ARN"] == SECRET


def test_function_may_write_its_log_and_read_the_one_secret(
    authorizer: dict[str, Any], function: dict[str, Any]
) -> None:
    """With published keys the function may read no secret."""
    role = authorizer["Resources"][function["Role"]["Fn::GetAtt"][0]]["Properties"]
    (policy,) = role["Policies"]

    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": {"Fn::GetAtt": ["AuthorizerLog", "Arn"]},
        },
        {
            "Fn::If": [
                "SharesSecret",
                {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": SECRET},
                NO_VALUE,
            ]
        },
    ]
    assert "ManagedPolicyArns" not in role


def test_secret_is_made_where_none_is_given(authorizer: dict[str, Any]) -> None:
    """Long enough for HS256 (RFC 7518, 3.2), and of characters that survive a shell."""
    secret = authorizer["Resources"]["TokenSecret"]

    assert secret["Condition"] == "MakesSecret"
    assert secret["Properties"]["GenerateSecretString"] == {"PasswordLength": 64, "ExcludePunctuation": True}
    assert "SecretString" not in secret["Properties"]
