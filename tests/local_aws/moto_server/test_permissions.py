"""Requests of functions to the embedded AWS, held to the policies of their roles."""

import asyncio
import functools
from io import BytesIO
from typing import Any

import boto3
import pytest
import pytest_asyncio
from botocore.config import Config
from botocore.exceptions import ClientError

from local_aws.cloudformation import deploy
from local_aws.config import Deployment
from local_aws.embedded_aws.access import enforce
from local_aws.iam.identities import Identities
from local_aws.moto_server.permission_middleware import PermissionMiddleware, changes_roles

ROLES = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: x, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: dev}
  Bare:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.13, Handler: app.handler, CodeUri: src}
  Sam:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: src
      Policies:
        - DynamoDBReadPolicy: {TableName: !Ref Table}
        - SQSSendMessagePolicy: {QueueName: !GetAtt Queue.QueueName}
        - AmazonSNSFullAccess
        - !Ref Shared
  Elsewhere:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.13, Handler: app.handler, CodeUri: src, Role: arn:aws:iam::123456789012:role/other}
  Shared:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "s3:Get*", Resource: arn:aws:s3:::mine/*}]
  Further:
    Type: AWS::IAM::RolePolicy
    Properties:
      RoleName: !Ref SamRole
      PolicyName: further
      PolicyDocument: {Version: "2012-10-17", Statement: {Effect: Allow, Action: ssm:GetParameter, Resource: "*"}}
  Inline:
    Type: AWS::IAM::Policy
    Properties:
      Roles: [!Ref SamRole]
      PolicyName: inline
      PolicyDocument: {Version: "2012-10-17", Statement: {Effect: Deny, Action: dynamodb:Scan, Resource: "*"}}
  Table:
    Type: AWS::Serverless::SimpleTable
  Queue:
    Type: AWS::SQS::Queue
"""

HERE = "eu-west-1:123456789012"


class Caller:
    """Calls services as the functions of a deployment do."""

    def __init__(self, endpoint: str, deployment: Deployment) -> None:
        self.deployment = deployment
        self.identities = Identities.of(deployment)
        self._endpoint = endpoint

    async def start(self) -> None:
        """Have the embedded AWS enforce the roles."""
        await asyncio.to_thread(
            enforce,
            self._endpoint,
            principals=self.identities.principals,
            roles=self.deployment.roles,
            physical_ids=self.deployment.physical_ids,
        )

    async def ask(self, function: str, service: str, operation: str, **arguments: Any) -> Any:
        """Return the answer, or the code and the message of the refusal."""
        return await asyncio.to_thread(self._ask, function, service, operation, arguments)

    def _ask(self, function: str, service: str, operation: str, arguments: dict[str, Any]) -> Any:
        config = next(each for each in self.deployment.functions if each.logical_id == function)
        variables = self.identities.variables(config)
        client = boto3.client(
            service,
            endpoint_url=self._endpoint,
            region_name="eu-west-1",
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
            **{name.lower(): value for name, value in variables.items()},
        )
        try:
            return getattr(client, operation)(**arguments)
        except ClientError as exc:
            return exc.response["Error"]["Code"], exc.response["Error"]["Message"]
        finally:
            client.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def caller(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Caller:
    """Deploy functions with roles of several kinds; no test changes a role."""
    folder = tmp_path_factory.mktemp("roles")
    (folder / "src").mkdir()
    template = folder / "template.yaml"
    template.write_text(ROLES, encoding="utf-8")
    deployment = await deploy(
        template=template, parameters={}, endpoint=endpoint, region="eu-west-1", stack_name="permissions"
    )
    caller = Caller(endpoint, deployment)
    await caller.start()
    return caller


@pytest.mark.parametrize(
    ("operation", "arguments", "code", "permission"),
    [
        (
            "dynamodb.scan",
            {"TableName": "t"},
            "AccessDeniedException",
            f"dynamodb:Scan on resource: arn:aws:dynamodb:{HERE}:table/t",
        ),
        (
            "sqs.send_message",
            {"QueueUrl": "http://x/123456789012/q", "MessageBody": "x"},
            "AccessDenied",
            f"sqs:SendMessage on resource: arn:aws:sqs:{HERE}:q",
        ),
        (
            "sns.publish",
            {"TopicArn": f"arn:aws:sns:{HERE}:t", "Message": "x"},
            "AuthorizationError",
            f"sns:Publish on resource: arn:aws:sns:{HERE}:t",
        ),
        (
            "s3.get_object",
            {"Bucket": "mine", "Key": "a b/c"},
            "AccessDenied",
            "s3:GetObject on resource: arn:aws:s3:::mine/a b/c",
        ),
        (
            "s3.put_object_tagging",
            {"Bucket": "mine", "Key": "c", "Tagging": {"TagSet": []}},
            "AccessDenied",
            "s3:PutObjectTagging on resource: arn:aws:s3:::mine/c",
        ),
        ("s3.list_objects_v2", {"Bucket": "mine"}, "AccessDenied", "s3:ListBucket on resource: arn:aws:s3:::mine"),
        (
            "lambda.invoke",
            {"FunctionName": "f"},
            "AccessDeniedException",
            f"lambda:InvokeFunction on resource: arn:aws:lambda:{HERE}:function:f",
        ),
        (
            "secretsmanager.get_secret_value",
            {"SecretId": "s"},
            "AccessDeniedException",
            f"secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:{HERE}:secret:s-??????",
        ),
        (
            "ssm.get_parameter",
            {"Name": "/p"},
            "AccessDeniedException",
            f"ssm:GetParameter on resource: arn:aws:ssm:{HERE}:parameter/p",
        ),
        (
            "events.put_events",
            {"Entries": [{"Source": "x"}]},
            "AccessDeniedException",
            f"events:PutEvents on resource: arn:aws:events:{HERE}:event-bus/default",
        ),
        (
            "scheduler.delete_schedule",
            {"Name": "s"},
            "AccessDeniedException",
            f"scheduler:DeleteSchedule on resource: arn:aws:scheduler:{HERE}:schedule/default/s",
        ),
        (
            "cloudwatch.put_metric_data",
            {"Namespace": "x", "MetricData": []},
            "AccessDenied",
            "cloudwatch:PutMetricData",
        ),
        ("stepfunctions.list_state_machines", {}, "AccessDeniedException", "states:ListStateMachines"),
        ("sesv2.list_contact_lists", {}, "AccessDeniedException", "ses:ListContactLists"),
    ],
)
async def test_a_refusal_in_the_protocol_of_each_service(
    caller: Caller, operation: str, arguments: dict[str, Any], code: str, permission: str
) -> None:
    """The SDK raises what it raises on AWS, and the text has the action and the resource."""
    answer = await caller.ask("Bare", *operation.split("."), **arguments)
    assert isinstance(answer, tuple), answer
    assert answer[0] == code
    assert f"is not authorized to perform: {permission} because no identity-based policy allows" in answer[1]


async def test_what_the_policies_allow_is_done(caller: Caller) -> None:
    """Those of SAM's templates, of AWS, attached, and resources of their own: all come together in the role."""
    ask = functools.partial(caller.ask, "Sam")
    table = caller.deployment.tables[0].name
    query = {"KeyConditionExpression": "id = :i", "ExpressionAttributeValues": {":i": {"S": "x"}}}
    assert "Items" in await ask("dynamodb", "query", TableName=table, **query)
    assert (await ask("dynamodb", "put_item", TableName=table, Item={"id": {"S": "x"}}))[0] == "AccessDeniedException"
    assert "explicit deny" in (await ask("dynamodb", "scan", TableName=table))[1]
    assert "Topics" in await ask("sns", "list_topics")
    assert (await ask("s3", "get_object", Bucket="mine", Key="x"))[0] == "NoSuchBucket"
    assert (await ask("s3", "get_object", Bucket="yours", Key="x"))[0] == "AccessDenied"
    assert (await ask("ssm", "get_parameter", Name="p"))[0] == "ParameterNotFound"
    assert "Account" in await ask("sts", "get_caller_identity")


async def test_a_role_of_elsewhere_is_not_enforced_and_named(caller: Caller) -> None:
    """Nobody here knows what it may do."""
    assert "TableNames" in await caller.ask("Elsewhere", "dynamodb", "list_tables")
    assert (
        "Not enforced: the permissions of Elsewhere: its role is not the template's: "
        "arn:aws:iam::123456789012:role/other"
    ) in caller.identities.notices


@pytest.fixture
def guard() -> tuple[PermissionMiddleware, list[str]]:
    """Return a guard that knows one function, whose role has no policies, and its log."""
    lines: list[str] = []
    arn = "arn:aws:iam::123456789012:role/chat"
    role: dict[str, Any] = {
        "arn": arn,
        "unique_id": "A",
        "policies": [],
        "boundary": None,
        "elsewhere": [],
    }
    principal = {"role_arn": arn, "session_name": "chat", "function": "Function"}
    guard = PermissionMiddleware(lambda: [role], log=lines.append)
    guard.learn({"principals": {"KEY": principal}, "roles": {arn: "Role"}, "ids": {}, "dynamodb_endpoint": None})
    return guard, lines


def request(scope: str, *, method: str = "POST", path: str = "/", query: str = "", **headers: str) -> dict[str, str]:
    """Return a signed request as WSGI has it."""
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope}/aws4_request, SignedHeaders=host, Signature=0",
        **headers,
    }


def test_roles_count_as_they_are_when_they_were_read_last(guard: tuple[PermissionMiddleware, list[str]]) -> None:
    """A changed role counts at once, and a deleted one allows nothing."""
    arn = "arn:aws:iam::123456789012:role/chat"
    allowing = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    roles: list[dict[str, Any]] = [
        {"arn": arn, "unique_id": "A", "policies": [allowing], "boundary": None, "elsewhere": []}
    ]
    judge = PermissionMiddleware(lambda: roles, log=guard[1].append)
    principal = {"role_arn": arn, "session_name": "chat", "function": "Function"}
    judge.learn({"principals": {"KEY": principal}, "roles": {arn: "Role"}, "ids": {}, "dynamodb_endpoint": None})
    asked = request("KEY/20260101/eu-west-1/dynamodb", HTTP_X_AMZ_TARGET="DynamoDB_20120810.GetItem")
    assert judge.answer(asked, b'{"TableName":"t"}') is None
    roles.clear()
    judge.read_roles()
    assert judge.answer(asked, b'{"TableName":"t"}') is not None


def test_the_same_refusal_is_logged_once_in_a_while(guard: tuple[PermissionMiddleware, list[str]]) -> None:
    """A broadcast asks as often as it has members."""
    judge, lines = guard
    asked = request("KEY/20260101/eu-west-1/dynamodb", HTTP_X_AMZ_TARGET="DynamoDB_20120810.GetItem")
    for table in (b"one", b"one", b"two"):
        assert judge.answer(asked, b'{"TableName":"%s"}' % table) is not None
    assert [line.partition(";")[0] for line in lines] == [
        f"Function may not dynamodb:GetItem on arn:aws:dynamodb:{HERE}:table/{table}" for table in ("one", "two")
    ]


def test_a_presigned_url_has_the_permissions_of_who_signed_it(guard: tuple[PermissionMiddleware, list[str]]) -> None:
    """Whoever uses it."""
    judge, lines = guard
    query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=KEY%2F20260101%2Feu-west-1%2Fs3%2Faws4_request"
    asked = request("", method="GET", path="/bucket/key", query=query) | {"HTTP_AUTHORIZATION": ""}
    answer = judge.answer(asked, b"")
    assert answer is not None
    assert answer.status == "403 Forbidden"
    assert lines[0].startswith("Function may not s3:GetObject on arn:aws:s3:::bucket/key;")


def test_what_cannot_be_told_is_let_through_and_named(guard: tuple[PermissionMiddleware, list[str]]) -> None:
    """A refusal would have no action to name."""
    judge, lines = guard
    assert judge.answer(request("KEY/20260101/eu-west-1/unheard", path="/what"), b"") is None
    assert lines == ["Not checked: POST /what of unheard"]


def test_a_stranger_is_not_asked(guard: tuple[PermissionMiddleware, list[str]]) -> None:
    """Nor anybody without a signature: the developer's own requests are free."""
    judge, _ = guard
    assert not judge.knows(request("OTHER/20260101/eu-west-1/s3"))
    assert not judge.knows({"QUERY_STRING": ""})


@pytest.mark.parametrize(
    ("service", "body", "changes"),
    [
        ("iam", b"Action=PutRolePolicy&RoleName=x", True),
        ("iam", b"RoleName=x&Action=AttachRolePolicy", True),
        ("iam", b"Action=GetRole&RoleName=x", False),
        ("iam", b"Action=ListRoles", False),
        ("iam", b"", True),
        ("sqs", b"Action=PutRolePolicy", False),
        ("cloudformation", b"Action=UpdateStack", True),
        ("cloudformation", b"Action=DescribeStacks", False),
    ],
)
def test_a_request_that_may_change_a_role_is_known(service: str, body: bytes, changes: bool) -> None:
    """By its action; whoever answers it finds its body as it was."""
    asked: dict[str, Any] = {**request(f"ANY/20260101/us-east-1/{service}"), "wsgi.input": BytesIO(body)}
    assert changes_roles(asked) is changes
    assert asked["wsgi.input"].read() == body
