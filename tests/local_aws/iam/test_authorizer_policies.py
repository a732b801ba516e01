"""The policies that authorizers return."""

import time
from typing import Any

import pytest

from local_aws.iam.authorizer_policies import MalformedPolicy, allows

ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/$connect"


def decide(*statements: Any, resource: str = ARN) -> bool:
    """Judge a policy of these statements."""
    return allows({"Statement": list(statements)}, action="execute-api:Invoke", resource=resource)


def statement(effect: str = "Allow", action: Any = "execute-api:Invoke", resource: Any = ARN) -> dict[str, Any]:
    """Write a statement."""
    return {"Effect": effect, "Action": action, "Resource": resource}


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [
        (ARN, True),
        ("*", True),
        ("**", True),
        ("arn:aws:execute-api:us-east-1:123456789012:abcdef1234/*", True),
        ("arn:aws:execute-api:*:*:*/*/$connect", True),
        ("arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/?connect", True),
        ("arn:aws:execute-api:us-east-1:123456789012:abcdef1234/????/$connect*", True),
        ("arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/*/*", False),
        ("arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/$default", False),
        ("arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/$CONNECT", False),
        ("arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/?$connect", False),
        ("arn.aws.execute-api.*", False),
        ("", False),
        ([], False),
        (["nothing", ARN], True),
        (["nothing", "*nothing*"], False),
    ],
)
def test_a_resource_may_have_wildcards_and_may_be_a_list(resource: Any, allowed: bool) -> None:
    """A star stands for any characters, slashes among them, and a question mark for one (4.4)."""
    assert decide(statement(resource=resource)) is allowed


@pytest.mark.parametrize(
    ("action", "allowed"),
    [
        ("execute-api:Invoke", True),
        ("EXECUTE-API:invoke", True),
        ("execute-api:*", True),
        ("*", True),
        ("execute-api:I?voke", True),
        (["s3:*", "execute-api:Invoke"], True),
        ("execute-api:ManageConnections", False),
        ("execute-api", False),
    ],
)
def test_an_action_is_matched_without_regard_to_case(action: Any, allowed: bool) -> None:
    """As IAM matches them (4.4)."""
    assert decide(statement(action=action)) is allowed


def test_a_denial_outweighs_what_is_allowed() -> None:
    """In whatever order they come, where it applies (4.4)."""
    assert not decide(statement(), statement("Deny", resource="*"))
    assert not decide(statement("Deny", resource="*"), statement())
    assert decide(statement(), statement("Deny", resource="other"))
    assert not decide(statement("Deny"))


def test_statements_may_except_actions_and_resources() -> None:
    """What is named is what they do not apply to (4.4)."""
    assert decide({"Effect": "Allow", "NotAction": "s3:*", "NotResource": ["a", "b"]})
    assert not decide({"Effect": "Allow", "NotAction": "s3:*", "NotResource": ARN})
    assert not decide(statement(), {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"})


def test_one_statement_needs_no_list() -> None:
    """IAM's grammar has both forms (4.4)."""
    assert allows({"Statement": statement()}, action="execute-api:Invoke", resource=ARN)


@pytest.mark.parametrize(
    "document",
    [
        None,
        "Allow",
        {},
        {"Statement": []},
        {"Statement": "Allow"},
        {"Statement": ["Allow"]},
        {"Statement": [{"Effect": "allow", "Action": "*", "Resource": "*"}]},
        {"Statement": [{"Action": "*", "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "*"}]},
        {"Statement": [{"Effect": "Allow", "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": 5, "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": [None]}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {}}]},
        {"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": 5}]},
    ],
)
def test_what_is_no_policy_is_malformed_and_not_a_denial(document: Any) -> None:
    """The function is at fault then, not the client (4.4)."""
    with pytest.raises(MalformedPolicy):
        allows(document, action="execute-api:Invoke", resource=ARN)


def test_a_pattern_of_many_stars_is_matched_at_once() -> None:
    """A pattern that went back for each star would not come to an end (4.4)."""
    started = time.monotonic()
    assert not decide(statement(resource="*a" * 100 + "b"), resource="a" * 4000)
    assert time.monotonic() - started < 1
