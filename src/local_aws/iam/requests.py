"""Derives the permissions that a request to an AWS service needs. Pure.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS services", a page for each
service. For a service that is not in `_SERVICES`, the operation is taken as the action, and the resource is unknown.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import unescape

Permission = tuple[str, str | None]
"""An action and the ARN of its resource: `*` if the action has no resource, None if the resource is unknown."""

ALL = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The parts of a request that its permissions depend on."""

    service: str
    """The signing name of the service; in most cases it is also the prefix of its actions."""
    operation: str
    region: str
    account: str
    parameters: Mapping[str, Any]
    body: bytes = b""
    known: Sequence[str] = ()
    """The ARNs of the stack's resources, for those that cannot be derived from a name."""

    def arn(self, resource: str) -> str:
        """Return the ARN of a resource such as `table/rooms`. The name may be an ARN already."""
        named = resource.find("arn:")
        if named >= 0:
            return resource[named:]
        return f"arn:aws:{self.service}:{self.region}:{self.account}:{resource}"

    def text(self, *names: str) -> str:
        """Return the first of these parameters that is a text; empty if there is none."""
        return next((str(self.parameters[name]) for name in names if self.parameters.get(name)), "")

    def items(self, name: str) -> list[Any]:
        """Return a parameter that is a list."""
        value = self.parameters.get(name)
        return value if isinstance(value, list) else []


def needed(call: Call) -> list[Permission]:
    """Return every permission that a call needs."""
    service = _SERVICES.get(call.service)
    prefix = _PREFIXES.get(call.service, call.service)
    found = list(service(call)) if service else [(call.operation, None)]
    return list(dict.fromkeys((f"{prefix}:{action}", resource) for action, resource in found))


# DynamoDB.

_PARTIQL = {"SELECT": "PartiQLSelect", "INSERT": "PartiQLInsert", "UPDATE": "PartiQLUpdate", "DELETE": "PartiQLDelete"}
_WRITES = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
_WITHOUT_TABLE = {"ListTables", "DescribeLimits", "DescribeEndpoints", "ListGlobalTables", "ListStreams"}


def _dynamodb(call: Call) -> Iterator[Permission]:
    if call.operation in _WITHOUT_TABLE:
        yield call.operation, ALL
    elif call.operation in ("BatchGetItem", "BatchWriteItem"):
        for table in call.parameters.get("RequestItems") or ():
            yield call.operation, call.arn(f"table/{table}")
    elif call.operation in ("TransactGetItems", "TransactWriteItems"):
        # A transaction has no permission of its own: each part needs that of its own operation.
        for each in call.items("TransactItems"):
            for kind, part in each.items():
                yield _WRITES.get(kind, "GetItem"), call.arn(f"table/{part.get('TableName')}")
    elif call.operation in ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"):
        yield from _partiql(call)
    elif call.text("TableName"):
        index = f"/index/{call.text('IndexName')}" if call.text("IndexName") else ""
        yield call.operation, call.arn(f"table/{call.text('TableName')}") + index
    else:
        yield call.operation, call.text("StreamArn", "ResourceArn") or None


def _partiql(call: Call) -> Iterator[Permission]:
    statements = [call.parameters, *call.items("Statements"), *call.items("TransactStatements")]
    for text in (each["Statement"] for each in statements if each.get("Statement")):
        action = _PARTIQL.get(text.split(None, 1)[0].upper() if text.strip() else "")
        if action:
            yield action, None


# Queues, topics and events.


def _sqs(call: Call) -> Iterator[Permission]:
    """Treat a batch like a single message, as SQS's permissions do."""
    name = call.text("QueueUrl").rstrip("/").rpartition("/")[2] or call.text("QueueName")
    action = call.operation.removesuffix("Batch")
    yield action, call.arn(name) if name else ALL if action == "ListQueues" else call.text("SourceArn") or None


def _sns(call: Call) -> Iterator[Permission]:
    arn = call.text("TopicArn", "TargetArn", "ResourceArn") or (call.text("Name") and call.arn(call.text("Name")))
    without = call.operation.startswith("List") or call.text("PhoneNumber")
    yield call.operation.removesuffix("Batch"), arn or (ALL if without else None)


def _events(call: Call) -> Iterator[Permission]:
    bus = call.text("EventBusName")
    if call.operation == "PutEvents":
        for each in call.items("Entries"):
            name = each.get("EventBusName") or "default"
            yield call.operation, call.arn(f"event-bus/{name}")
    elif rule := call.text("Rule") or call.text("Name"):
        yield call.operation, call.arn(f"rule/{bus}/{rule}" if bus not in ("", "default") else f"rule/{rule}")
    else:
        yield call.operation, call.arn(f"event-bus/{bus}") if bus else None


def _scheduler(call: Call) -> Iterator[Permission]:
    group = call.text("GroupName", "groupName") or "default"
    kind = "schedule-group" if "Group" in call.operation else "schedule"
    name = call.text("Name")
    if not name:
        yield call.operation, ALL
    elif kind == "schedule":
        yield call.operation, call.arn(f"schedule/{group}/{name}")
    else:
        yield call.operation, call.arn(f"{kind}/{name}")


# Secrets and parameters.


def _secretsmanager(call: Call) -> Iterator[Permission]:
    secret = call.text("SecretId", "Name")
    if not secret:
        yield call.operation, ALL
        return
    arn = call.arn(f"secret:{secret}")
    # The ARN of a secret has six more characters than its name.
    whole = (each for each in call.known if each == arn or (each.startswith(f"{arn}-") and len(each) == len(arn) + 7))
    yield call.operation, next(whole, arn if secret.startswith("arn:") else f"{arn}-??????")


def _ssm(call: Call) -> Iterator[Permission]:
    if "Parameter" not in call.operation:
        yield call.operation, None
        return
    names = call.items("Names") or [each for each in (call.text("Name", "Path"),) if each]
    for name in names:
        yield call.operation, call.arn(f"parameter/{name.strip('/')}")
    if not names:
        yield call.operation, ALL


# Functions, objects and logs.


def _lambda(call: Call) -> Iterator[Permission]:
    action = "InvokeFunction" if call.operation.startswith("Invoke") else re.sub(r"\d{8}(v\d)?$", "", call.operation)
    name = call.text("FunctionName")
    if not name:
        yield action, ALL if action.startswith("List") else None
        return
    arn = call.arn(name if name.startswith("arn:") else f"function:{name.rpartition('function:')[2]}")
    qualifier = call.text("Qualifier")
    yield action, f"{arn}:{qualifier}" if qualifier else arn


_S3 = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteObjects": "DeleteObject",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
_KEY_OF_BATCH = re.compile(rb"<Key>([^<]*)</Key>")


def _s3(call: Call) -> Iterator[Permission]:
    bucket, key = call.text("Bucket"), call.text("Key")
    action = _S3.get(call.operation, call.operation)
    arn = f"arn:aws:s3:::{bucket}"
    if call.operation == "DeleteObjects":
        for found in _KEY_OF_BATCH.findall(call.body):
            yield action, f"{arn}/{unescape(found.decode())}"
    else:
        yield action, f"{arn}/{key}" if key else arn if bucket else ALL
    if source := call.text("CopySource"):
        yield "GetObject", f"arn:aws:s3:::{source.partition('?')[0].lstrip('/')}"


def _logs(call: Call) -> Iterator[Permission]:
    group = call.text("logGroupName")
    stream = call.text("logStreamName")
    yield call.operation, call.arn(f"log-group:{group}:log-stream:{stream}") if group else None


_SERVICES: Mapping[str, Callable[[Call], Iterator[Permission]]] = {
    "dynamodb": _dynamodb,
    "events": _events,
    "lambda": _lambda,
    "logs": _logs,
    "s3": _s3,
    "scheduler": _scheduler,
    "secretsmanager": _secretsmanager,
    "sns": _sns,
    "sqs": _sqs,
    "ssm": _ssm,
}
"""By signing name: the function that yields each action, without the service's prefix, and its resource."""

_PREFIXES = {"monitoring": "cloudwatch", "email": "ses"}
"""The prefixes of actions that differ from the signing name."""
