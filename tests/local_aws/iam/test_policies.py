"""What IAM policies allow."""

from typing import Any

import pytest

from local_aws.iam.policies import AuthorizationRequest, Decision, Policies

TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/rooms"
CONTEXT = {"aws:principalarn": "arn:aws:iam::123456789012:role/chat", "aws:securetransport": "true"}


def allow(action: Any = "dynamodb:PutItem", resource: Any = TABLE, **fields: Any) -> dict[str, Any]:
    """Return a statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource} | fields


def judge(*statements: dict[str, Any], action: str = "dynamodb:PutItem", resource: str | None = TABLE) -> Decision:
    """Judge by one policy with the statements."""
    policies = Policies([{"Version": "2012-10-17", "Statement": list(statements)}])
    return policies.judge(AuthorizationRequest(action=action, resource=resource, context=CONTEXT))


@pytest.mark.parametrize(
    "statement",
    [
        allow(),
        allow(action=["dynamodb:GetItem", "dynamodb:PutItem"], resource=["arn:aws:s3:::x", TABLE]),
        allow(action="DynamoDB:putitem"),
        allow(action="dynamodb:*", resource="*"),
        allow(action="*", resource="arn:aws:dynamodb:*:table/r??ms"),
        {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "dynamodb:Put*", "NotResource": "arn:aws:s3:::*"},
        allow(Condition={"Bool": {"aws:SecureTransport": True}}),
        allow(Condition={"ArnLike": {"AWS:PrincipalArn": "arn:aws:iam::*:role/ch*"}}),
        allow(Condition={"StringNotEquals": {"aws:PrincipalArn": ["a", "b"]}}),
        allow(Condition={"StringEqualsIfExists": {"aws:SourceAccount": "123456789012"}}),
        allow(Condition={"Null": {"aws:SourceArn": "true"}}),
        allow(Condition={"ForAnyValue:StringLike": {"aws:PrincipalArn": ["x", "*:role/chat"]}}),
        allow(resource="arn:aws:dynamodb:eu-west-1:123456789012:table/${aws:nothing, 'rooms'}"),
    ],
)
def test_allowed(statement: dict[str, Any]) -> None:
    """By each form that an element can have."""
    assert judge(statement) is Decision.ALLOWED


@pytest.mark.parametrize(
    "statement",
    [
        allow(action="dynamodb:PutItems"),
        allow(action="dynamodb:P?tItem."),
        allow(resource=f"{TABLE}/index/*"),
        allow(resource=TABLE.replace("rooms", "Rooms")),
        {"Effect": "Allow", "NotAction": "dynamodb:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "*", "NotResource": TABLE},
        allow(Condition={"Bool": {"aws:SecureTransport": "false"}}),
        allow(Condition={"StringEquals": {"aws:SourceAccount": "123456789012"}}),
        allow(Condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}),
        allow(Condition={"StringLike": {"aws:PrincipalArn": "*"}, "Null": {"aws:PrincipalArn": True}}),
        allow(resource="arn:aws:dynamodb:eu-west-1:123456789012:table/${aws:username}"),
        allow(Effect="Perhaps"),
        {"Effect": "Allow", "Action": "dynamodb:*"},
    ],
)
def test_not_allowed(statement: dict[str, Any]) -> None:
    """What does not match in every respect counts for nothing."""
    assert judge(statement) is Decision.NOT_ALLOWED


def test_a_denial_outweighs_whatever_allows() -> None:
    """In whichever order they stand."""
    assert judge(allow(), allow(action="dynamodb:*", resource="*", Effect="Deny")) is Decision.DENIED
    assert judge(allow(resource=f"{TABLE}2", Effect="Deny"), allow()) is Decision.ALLOWED


def test_without_any_policy_nothing_is_allowed() -> None:
    """IAM's own beginning."""
    assert judge() is Decision.NOT_ALLOWED


def test_a_boundary_has_to_allow_as_well() -> None:
    """It grants nothing by itself."""
    everything = {"Statement": allow(action="*", resource="*")}
    bounded = Policies([everything], boundary={"Statement": [allow(action="dynamodb:Get*")]})
    request = AuthorizationRequest(action="dynamodb:PutItem", resource=TABLE, context=CONTEXT)
    assert bounded.judge(request) is Decision.NOT_IN_BOUNDARY
    assert Policies([], boundary=everything).judge(request) is Decision.NOT_ALLOWED
    assert Policies([everything], boundary=everything).judge(request) is Decision.ALLOWED


def test_where_the_resource_cannot_be_told_the_action_decides() -> None:
    """A permission for anything will do then, and a ban only where it is for everything."""
    assert judge(allow(), resource=None) is Decision.ALLOWED
    assert judge(allow(), resource=None, action="dynamodb:GetItem") is Decision.NOT_ALLOWED
    assert judge(allow(), allow(Effect="Deny"), resource=None) is Decision.ALLOWED
    assert judge(allow(), allow(Effect="Deny", resource="*"), resource=None) is Decision.DENIED


@pytest.mark.parametrize(
    ("condition", "reported"),
    [
        ({"IpAddress": {"aws:PrincipalArn": "10.0.0.0/8"}}, "the condition operator IpAddress"),
        ({"StringEquals": {"dynamodb:LeadingKeys": "me"}}, "the condition key dynamodb:LeadingKeys"),
    ],
)
def test_what_cannot_be_judged_is_reported_and_counts_for_nothing(condition: dict[str, Any], reported: str) -> None:
    """Neither is it taken for granted nor passed over in silence."""
    policies = Policies([{"Statement": allow(Condition=condition)}])
    assert policies.unsupported == [reported]
    request = AuthorizationRequest(action="dynamodb:PutItem", resource=TABLE, context=CONTEXT)
    assert policies.judge(request) is Decision.NOT_ALLOWED
