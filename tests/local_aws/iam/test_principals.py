"""What a function is told that may not do something, and what the person is told."""

from dataclasses import replace

import pytest

from local_aws.config import RoleConfig
from local_aws.iam import Principal, Principals, Roles
from local_aws.iam.policies import Decision

ROLE = "arn:aws:iam::123456789012:role/path/stack-Role-1"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/stack-Rooms-1"
IDS = {"stack-Role-1": "Api/Role", "stack-Rooms-1": "Api/Rooms", "abcdef1234": "Api/Chat"}
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:elsewhere"


def principals(*statements: dict[str, str], elsewhere: tuple[str, ...] = ()) -> Principals:
    """Return those of one function, whose key is `KEY`."""
    role = RoleConfig(
        arn=ROLE,
        logical_id="Api/Role",
        unique_id="AROAEXAMPLE",
        policies=({"Statement": list(statements)},),
        elsewhere=elsewhere,
    )
    principal = Principal(role_arn=ROLE, session_name="chat", function="Api/Function")
    return Principals({"KEY": principal}, roles=Roles([role], ids=IDS))


def test_the_caller_is_told_in_the_words_of_aws() -> None:
    """With the session of its role, the action, the resource and the reason."""
    denial = principals().denial("KEY", "dynamodb:PutItem", TABLE)
    assert denial is not None
    assert denial.message == (
        "User: arn:aws:sts::123456789012:assumed-role/stack-Role-1/chat is not authorized to perform: dynamodb:PutItem "
        f"on resource: {TABLE} because no identity-based policy allows the dynamodb:PutItem action"
    )


@pytest.mark.parametrize(
    ("action", "resource", "statement"),
    [
        (
            "dynamodb:PutItem",
            TABLE,
            '!Sub "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Rooms}"',
        ),
        ("sqs:SendMessage", QUEUE, '!Sub "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:elsewhere"'),
        (
            "execute-api:ManageConnections",
            "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/dev/POST/@connections/*",
            '!Sub "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Chat}/dev/POST/@connections/*"',
        ),
        ("s3:GetObject", "arn:aws:s3:::bucket/key", '!Sub "arn:${AWS::Partition}:s3:::bucket/key"'),
        ("polly:DescribeVoices", None, '"*"'),
    ],
)
def test_the_log_has_the_statement_that_is_missing(action: str, resource: str | None, statement: str) -> None:
    """Ready to be pasted into a policy of the role."""
    denial = principals().denial("KEY", action, resource)
    assert denial is not None
    assert denial.log.startswith(f"Api/Function may not {action}")
    assert denial.log.endswith(f"; add to Api/Role: {{Effect: Allow, Action: {action}, Resource: {statement}}}")


def test_a_denial_is_told_from_a_missing_permission() -> None:
    """Adding one would not help."""
    banned = {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}
    denial = principals(banned).denial("KEY", "dynamodb:PutItem", TABLE)
    assert denial is not None
    assert denial.message.endswith("with an explicit deny in an identity-based policy")
    assert denial.log.endswith("; a policy of Api/Role denies it")


def test_who_is_not_a_function_is_not_judged() -> None:
    """The developer's own requests are not the stack's."""
    assert principals().denial_reason(access_key_id="OTHER", action="dynamodb:PutItem", resource=TABLE) is None


def test_everybody_may_ask_who_they_are() -> None:
    """As on AWS, whatever the policies say."""
    assert principals().denial("KEY", "sts:GetCallerIdentity", "*") is None


def test_a_role_whose_policies_are_not_all_here_may_do_anything_and_is_named() -> None:
    """Nobody here knows what they allow."""
    policy = "arn:aws:iam::123456789012:policy/elsewhere"
    role = RoleConfig(arn=ROLE, logical_id="Api/Role", unique_id="A", policies=(), elsewhere=(policy,))
    roles = Roles([role], ids=IDS)
    assert roles.notices == [f"Not enforced: the permissions of Api/Role: it has {policy}"]
    assert principals(elsewhere=(policy,)).denial("KEY", "dynamodb:PutItem", TABLE) is None


def test_what_is_not_understood_is_named_with_its_role() -> None:
    """Once, however many statements have it."""
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "::"}}}
    role = RoleConfig(arn=ROLE, logical_id="Api/Role", unique_id="A", policies=({"Statement": [statement, statement]},))
    assert Roles([role], ids=IDS).notices == [
        "Not supported: the condition operator IpAddress; its statement in Api/Role is ignored",
        "Not supported: the condition key aws:SourceIp; its statement in Api/Role is ignored",
    ]


def test_roles_that_were_replaced_count_at_once() -> None:
    """What was judged before is forgotten."""
    role = RoleConfig(arn=ROLE, logical_id="Api/Role", unique_id="AROAEXAMPLE", policies=())
    roles = Roles([role], ids=IDS)
    assert roles.judge(ROLE, "dynamodb:PutItem", TABLE) is Decision.NOT_ALLOWED
    allowed = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    roles.replace([replace(role, policies=(allowed,))])
    assert roles.judge(ROLE, "dynamodb:PutItem", TABLE) is Decision.ALLOWED
