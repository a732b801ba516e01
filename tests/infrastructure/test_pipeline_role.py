"""The role for deploys from a workflow: enough for every template, and nothing of other stacks."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.infrastructure.test_rules import ALL, PIPELINE_ROLE, listed, statements

ROLE = ALL[PIPELINE_ROLE]["Resources"]["DeployRole"]["Properties"]
BY_CLOUDFORMATION = {"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}}

OTHER_SERVICES = {"ec2", "elasticfilesystem", "firehose", "kinesis", "kms", "s3files", "s3tables"}
"""Services that handlers of types use only for properties that no template has."""
NO_ACTIONS = {
    "apigateway:TagResource",
    "apigateway:UntagResource",
    "s3:GetObjectMetadata",
    "s3:REST.PUT.OBJECT",
    "s3:getObject",
}
"""Names in CloudFormation's registry that IAM does not have."""
UNUSED = {
    "AWS::ApiGatewayV2::DomainName": "s3:*",
    "AWS::CloudFormation::Stack": "*Policy *TerminationProtection",
    "AWS::CloudFront::Distribution": "*ConnectionGroup *VpcOrigin *WithTags *WithStagingConfig",
    "AWS::DynamoDB::Table": "*Item *Query *Scan *Replica *Import* *StreamingDestination dynamodb:*ResourcePolicy "
    "dynamodb:UpdateContributorInsights iam:CreateServiceLinkedRole logs:* s3:*",
    "AWS::IAM::Role": "iam:DeleteRolePermissionsBoundary",
    "AWS::Lambda::Function": "*CodeSigningConfig *ScalingConfig lambda:Put*Config *LayerVersion *Alias "
    "*CapacityProvider *PublishVersion s3:GetObjectVersion",
    "AWS::Logs::LogGroup": "*Delivery *Authentication *DataProtectionPolicy *IndexPolicy logs:PutResourcePolicy "
    "logs:DeleteResourcePolicy *KmsKey *DeletionProtection",
    "AWS::S3::Bucket": "iam:PassRole *Metadata* *A[cn][ce]* *Abac *Acl *CORS *Cors *Logging *Notification *ObjectLock* "
    "*Replication* *Tiering* *Inventory* *Lifecycle* *Metrics* *Versioning *Website *Analytics* s3:DeleteObject "
    "s3:DeleteBucketEncryption",
    "AWS::SNS::Subscription": "iam:*",
    "AWS::SNS::Topic": "iam:* sns:PutDataProtectionPolicy",
    "AWS::SecretsManager::Secret": "*Replicat*",
}
"""By type, the actions that its handlers use only for properties that no template has."""
DEPLOYED = {
    resource["Type"].replace("AWS::Serverless::Function", "AWS::Lambda::Function")
    for file, template in ALL.items()
    if file != PIPELINE_ROLE
    for resource in template["Resources"].values()
}
TRUSTS = {
    "StringEquals": {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": {"Fn::Sub": "repo:${Repository}:environment:${Environment}"},
    }
}


def handled(kind: str) -> Iterator[str]:
    """Yield the actions that CloudFormation's registry lists for a type."""
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema["handlers"]
    for operation in ("create", "read", "update", "delete"):
        for action in handlers.get(operation, {}).get("permissions", []):
            unused = any(fnmatchcase(action, pattern) for pattern in UNUSED.get(kind, "").split())
            if not unused and action not in NO_ACTIONS and action.partition(":")[0] not in OTHER_SERVICES:
                yield action


def granted() -> set[str]:
    return {action for each in statements(ROLE["Policies"]) for action in listed(each["Action"])}


def resources(statement: dict[str, Any]) -> list[str]:
    return [each if isinstance(each, str) else each["Fn::Sub"] for each in listed(statement["Resource"])]


@pytest.mark.parametrize("kind", sorted(DEPLOYED))
def test_role_may_do_what_cloudformation_does_with_each_type_of_resource(kind: str) -> None:
    """A new resource type fails here, not in the middle of a deploy."""
    assert sorted(set(handled(kind)) - granted()) == []


def test_role_is_for_one_environment_of_one_repository() -> None:
    """A pattern would admit anyone who can push a branch or create a repository with a similar name."""
    (statement,) = statements(ROLE["AssumeRolePolicyDocument"])

    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"] == TRUSTS


@pytest.mark.parametrize("parameter", ["Repository", "Environment", "StackName"])
@pytest.mark.parametrize("value", ["*", "owner/*", "chat*", "a:b", ""])
def test_parameter_cannot_widen_the_role(parameter: str, value: str) -> None:
    """Parameters are inserted into the trust policy and into ARNs; a colon would end a part of the subject."""
    pattern = ALL[PIPELINE_ROLE]["Parameters"][parameter]["AllowedPattern"]

    assert re.search(pattern, value) is None


def test_role_changes_little_but_by_cloudformation() -> None:
    """The workflow itself only uses stacks, uploads artifacts, and publishes the page's files."""
    directly = {
        action.partition(":")[0]
        for each in statements(ROLE["Policies"])
        if each.get("Condition") != BY_CLOUDFORMATION
        for action in listed(each["Action"])
    }
    passed = [each for each in statements(ROLE["Policies"]) if "iam:PassRole" in listed(each["Action"])]

    assert directly - {"cloudformation", "s3"} == {"iam", "lambda"}
    assert [each["Condition"] for each in passed] == [
        {"StringEquals": {"iam:PassedToService": ["apigateway.amazonaws.com", "lambda.amazonaws.com"]}}
    ]


def test_what_has_a_name_is_the_stacks_by_its_name() -> None:
    """An account has other resources; a prefix without a hyphen would match those of `chatter`."""
    named = {"budgets", "cloudwatch", "dynamodb", "events", "iam", "logs", "s3", "sns", "sqs"}
    for statement in statements(ROLE["Policies"]):
        for resource in resources(statement):
            service = resource.split(":")[2] if resource.startswith("arn:") else ""
            assert service not in named or "${StackName}-*" in resource or "serverless-websocket-chat-" in resource


def test_any_resource_is_only_for_actions_that_iam_cannot_limit() -> None:
    """These are lists, and actions that a condition limits."""
    open_to_all = {
        action for each in statements(ROLE["Policies"]) if each["Resource"] == "*" for action in listed(each["Action"])
    }

    assert {action for action in open_to_all if not re.search(r":(Get|Describe|List)", action)} == {
        "lambda:CreateEventSourceMapping",
        "sns:SetSubscriptionAttributes",
        "sns:Unsubscribe",
    }


def test_role_cannot_change_itself() -> None:
    """Its stack may be named chat-pipeline; its path distinguishes it from the chat's roles."""
    own = f"role{ROLE['Path']}chat-pipeline-DeployRole"
    managed = [each for statement in statements(ROLE["Policies"]) for each in resources(statement) if ":iam:" in each]
    patterns = {each.replace("${StackName}", "chat").rpartition(":")[2] for each in managed}

    assert patterns == {"role/chat-*"}
    assert not fnmatchcase(own, "role/chat-*")


BOUNDARY = ALL[PIPELINE_ROLE]["Resources"]["Boundary"]["Properties"]


@pytest.mark.parametrize("action", ["CreateRole", "PutRolePolicy", "AttachRolePolicy", "PutRolePermissionsBoundary"])
def test_roles_are_made_and_given_policies_with_the_boundary_alone(action: str) -> None:
    """Otherwise the pipeline could give a function's role any permission, and use the function."""
    (statement,) = (each for each in statements(ROLE["Policies"]) if f"iam:{action}" in listed(each["Action"]))

    assert statement["Condition"]["StringEquals"] == {"iam:PermissionsBoundary": {"Ref": "Boundary"}}


def test_boundary_is_never_taken_off_nor_changed() -> None:
    """Its path keeps it out of the role's patterns, and the role has no action on policies."""
    assert BOUNDARY["Path"] == "/pipeline/"
    assert {
        action for action in granted() if re.search(r"iam:(Delete\w+Boundary|\w+PolicyVersion|\w+Policy)$", action)
    } == {
        "iam:AttachRolePolicy",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:GetRolePolicy",
        "iam:PutRolePolicy",
        "iam:UpdateAssumeRolePolicy",
    }


def within(statement: dict[str, Any]) -> set[str]:
    return {action for action in listed(statement["Action"]) if not action.startswith("kms:")}


ATTACHED = {
    # AWS, "AmazonAPIGatewayPushToCloudWatchLogs", its one version.
    "AmazonAPIGatewayPushToCloudWatchLogs": {
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:FilterLogEvents",
        "logs:GetLogEvents",
        "logs:PutLogEvents",
    }
}


def test_boundary_is_what_the_roles_of_the_templates_may_do() -> None:
    """With less, a deployed function would fail; with more, the boundary would limit little."""
    roles = [
        resource["Properties"]
        for file, template in ALL.items()
        if file != PIPELINE_ROLE
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::Role"
    ]
    needed = {action for role in roles for each in statements(role.get("Policies", [])) for action in within(each)}
    for role in roles:
        for policy in role.get("ManagedPolicyArns", []):
            needed |= ATTACHED[policy["Fn::Sub"].rpartition("/")[2]]
    bounded = list(statements(BOUNDARY["PolicyDocument"]))

    assert {action for each in bounded for action in within(each)} == needed
    for each in bounded:
        unlimited = each["Resource"] == "*" and "Condition" not in each
        assert not unlimited or all(action.startswith("xray:") for action in listed(each["Action"]))


def test_boundary_fits_into_a_policy() -> None:
    """IAM allows 6,144 characters, not counting white space."""
    assert len(json.dumps(BOUNDARY["PolicyDocument"], separators=(",", ":"))) < 5_500


def test_what_is_asked_of_a_zone_of_route_53_is_limited_to_what_can_be_named() -> None:
    """Changes have ARNs of their own, without an account."""
    (change,) = (each for each in statements(ROLE["Policies"]) if "route53:GetChange" in listed(each["Action"]))

    assert change["Resource"] == {"Fn::Sub": "arn:${AWS::Partition}:route53:::change/*"}


def test_policies_fit_into_a_role() -> None:
    """IAM allows 10,240 characters for all inline policies, not counting white space."""
    text = json.dumps([document["PolicyDocument"] for document in policies()], separators=(",", ":"))
    long = text.replace("${AWS::Partition}", "aws-us-gov").replace("${AWS::Region}", "ap-southeast-1")

    assert len(long.replace("${AWS::AccountId}", "1" * 12).replace("${StackName}", "x" * 32)) < 10_240


def policies() -> Iterator[dict[str, Any]]:
    for each in ROLE["Policies"]:
        yield each["Fn::If"][1] if "Fn::If" in each else each
