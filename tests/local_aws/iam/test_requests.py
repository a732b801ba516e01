"""Which permissions a request takes: the table of services."""

from typing import Any

import pytest

from local_aws.iam.requests import Call, Permission, needed

ACCOUNT = "eu-west-1:123456789012"
TABLE = f"arn:aws:dynamodb:{ACCOUNT}:table/rooms"
SECRET = f"arn:aws:secretsmanager:{ACCOUNT}:secret:token-AbCdEf"


def call(service: str, operation: str, **parameters: Any) -> list[Permission]:
    """Return what a call of a function takes."""
    return needed(
        Call(
            service=service,
            operation=operation,
            region="eu-west-1",
            account="123456789012",
            parameters=parameters,
            body=parameters.pop("body", b""),
            known=[SECRET],
        )
    )


def at(service: str, resource: str) -> str:
    """Return the ARN of something in the account of the caller."""
    return f"arn:aws:{service}:{ACCOUNT}:{resource}"


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "action", "resource"),
    [
        ("dynamodb", "PutItem", {"TableName": "rooms"}, "PutItem", TABLE),
        ("dynamodb", "PutItem", {"TableName": TABLE}, "PutItem", TABLE),
        ("dynamodb", "Query", {"TableName": "rooms", "IndexName": "a"}, "Query", f"{TABLE}/index/a"),
        ("dynamodb", "ListTables", {}, "ListTables", "*"),
        ("dynamodb", "ExecuteStatement", {"Statement": " select * from r"}, "PartiQLSelect", None),
        ("dynamodb", "DescribeStream", {"StreamArn": f"{TABLE}/stream/1"}, "DescribeStream", f"{TABLE}/stream/1"),
        ("sqs", "SendMessageBatch", {"QueueUrl": "http://[::1]:1/123456789012/q"}, "SendMessage", at("sqs", "q")),
        ("sqs", "GetQueueUrl", {"QueueName": "q"}, "GetQueueUrl", at("sqs", "q")),
        ("sqs", "ListQueues", {}, "ListQueues", "*"),
        ("sns", "Publish", {"TopicArn": at("sns", "t")}, "Publish", at("sns", "t")),
        ("sns", "Publish", {"PhoneNumber": "+1"}, "Publish", "*"),
        ("sns", "CreateTopic", {"Name": "t"}, "CreateTopic", at("sns", "t")),
        ("events", "PutEvents", {"Entries": [{}]}, "PutEvents", at("events", "event-bus/default")),
        ("events", "PutRule", {"Name": "r"}, "PutRule", at("events", "rule/r")),
        ("events", "PutTargets", {"Rule": "r", "EventBusName": "b"}, "PutTargets", at("events", "rule/b/r")),
        ("scheduler", "CreateSchedule", {"Name": "s"}, "CreateSchedule", at("scheduler", "schedule/default/s")),
        ("scheduler", "GetSchedule", {"Name": "s", "groupName": "g"}, "GetSchedule", at("scheduler", "schedule/g/s")),
        ("scheduler", "GetScheduleGroup", {"Name": "g"}, "GetScheduleGroup", at("scheduler", "schedule-group/g")),
        ("secretsmanager", "GetSecretValue", {"SecretId": "token"}, "GetSecretValue", SECRET),
        ("secretsmanager", "GetSecretValue", {"SecretId": SECRET}, "GetSecretValue", SECRET),
        ("secretsmanager", "PutSecretValue", {"SecretId": SECRET[:-7]}, "PutSecretValue", SECRET),
        ("secretsmanager", "CreateSecret", {"Name": "n"}, "CreateSecret", at("secretsmanager", "secret:n-??????")),
        ("secretsmanager", "ListSecrets", {}, "ListSecrets", "*"),
        ("ssm", "GetParameter", {"Name": "/chat/limit"}, "GetParameter", at("ssm", "parameter/chat/limit")),
        ("ssm", "DescribeParameters", {}, "DescribeParameters", "*"),
        ("ssm", "SendCommand", {}, "SendCommand", None),
        ("lambda", "Invoke", {"FunctionName": "f"}, "InvokeFunction", at("lambda", "function:f")),
        (
            "lambda",
            "Invoke",
            {"FunctionName": at("lambda", "function:f")},
            "InvokeFunction",
            at("lambda", "function:f"),
        ),
        (
            "lambda",
            "Invoke",
            {"FunctionName": "123456789012:function:f", "Qualifier": "live"},
            "InvokeFunction",
            at("lambda", "function:f:live"),
        ),
        ("lambda", "ListFunctions", {}, "ListFunctions", "*"),
        ("s3", "HeadObject", {"Bucket": "b", "Key": "k/l"}, "GetObject", "arn:aws:s3:::b/k/l"),
        ("s3", "ListObjectsV2", {"Bucket": "b"}, "ListBucket", "arn:aws:s3:::b"),
        ("s3", "ListBuckets", {}, "ListAllMyBuckets", "*"),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "/g", "logStreamName": "s"},
            "PutLogEvents",
            at("logs", "log-group:/g:log-stream:s"),
        ),
        ("polly", "SynthesizeSpeech", {}, "SynthesizeSpeech", None),
    ],
)
def test_permission_of_a_call(
    service: str, operation: str, parameters: dict[str, Any], action: str, resource: str | None
) -> None:
    """As the Service Authorization Reference has it."""
    assert call(service, operation, **parameters) == [(f"{service}:{action}", resource)]


def test_the_prefix_of_actions_is_not_always_the_signing_name() -> None:
    """CloudWatch signs as `monitoring`."""
    assert call("monitoring", "PutMetricData") == [("cloudwatch:PutMetricData", None)]


def test_a_batch_takes_a_permission_for_each_table() -> None:
    """One that is missing fails the whole batch."""
    assert call("dynamodb", "BatchGetItem", RequestItems={"rooms": {}, "users": {}}) == [
        ("dynamodb:BatchGetItem", TABLE),
        ("dynamodb:BatchGetItem", TABLE.replace("rooms", "users")),
    ]


def test_a_transaction_takes_the_permissions_of_its_parts() -> None:
    """There is none for a transaction itself."""
    items = [{"Put": {"TableName": "rooms"}}, {"ConditionCheck": {"TableName": "rooms"}}]
    assert call("dynamodb", "TransactWriteItems", TransactItems=items) == [
        ("dynamodb:PutItem", TABLE),
        ("dynamodb:ConditionCheckItem", TABLE),
    ]
    items = [{"Get": {"TableName": "rooms"}}] * 2
    assert call("dynamodb", "TransactGetItems", TransactItems=items) == [("dynamodb:GetItem", TABLE)]


def test_a_copy_takes_a_permission_to_read_as_well() -> None:
    """The source may be another bucket's."""
    assert call("s3", "CopyObject", Bucket="b", Key="k", CopySource="/c/l?versionId=1") == [
        ("s3:PutObject", "arn:aws:s3:::b/k"),
        ("s3:GetObject", "arn:aws:s3:::c/l"),
    ]


def test_deleting_many_objects_takes_a_permission_for_each() -> None:
    """Their keys are in the body."""
    body = b"<Delete><Object><Key>a&amp;b</Key></Object><Object><Key>c</Key></Object></Delete>"
    assert call("s3", "DeleteObjects", Bucket="b", body=body) == [
        ("s3:DeleteObject", "arn:aws:s3:::b/a&b"),
        ("s3:DeleteObject", "arn:aws:s3:::b/c"),
    ]
