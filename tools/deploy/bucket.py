"""The artifact bucket, from which CloudFormation and Lambda read in a deploy: one for all the stacks of a region."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from tools.deploy.aws import Aws
from tools.deploy.errors import AwsFailed, DeployError

SUPERSEDED = "superseded"
"""The tag of objects that a later deploy of their stack has replaced."""

_KEPT_DAYS = 30


def name(aws: Aws) -> str:
    """Return the name of the bucket, with the account and the region: bucket names are unique worldwide."""
    return f"serverless-websocket-chat-{aws.account}-{aws.region}"


def prefix(stack: str) -> str:
    """Return the key prefix of a stack's files."""
    return f"{stack}/"


def ensure(aws: Aws) -> str:
    """Create the bucket if it is missing, and apply its settings; return its name.

    Raises:
        DeployError: The name belongs to another account.

    """
    bucket = name(aws)
    if not exists(aws, bucket):
        # us-east-1 is the default location of buckets, and S3 rejects it as an explicit one.
        where = {} if aws.region == "us-east-1" else {"LocationConstraint": aws.region}
        aws("s3api", "create-bucket", bucket=bucket, **({"create_bucket_configuration": where} if where else {}))
    for setting, options in _settings(f"arn:{aws.partition}:s3:::{bucket}").items():
        aws("s3api", f"put-{setting}", bucket=bucket, **options)
    return bucket


def exists(aws: Aws, bucket: str) -> bool:
    """Return whether the account has the bucket.

    Raises:
        DeployError: The bucket exists and cannot be used.

    """
    try:
        # Another account could have created a bucket of this name, and its code would be deployed.
        aws("s3api", "head-bucket", bucket=bucket, expected_bucket_owner=aws.account)
    except AwsFailed as exc:
        # The response to `head-bucket` has no body, so that the HTTP status is the only error code.
        if "(404)" in exc.said:
            return False
        raise DeployError(f"The bucket {bucket} cannot be used: {exc.said}") from exc
    return True


def _settings(arn: str) -> dict[str, dict[str, Any]]:
    return {
        "public-access-block": {
            "public_access_block_configuration": dict.fromkeys(
                ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
            )
        },
        "bucket-encryption": {
            "server_side_encryption_configuration": {
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            }
        },
        "bucket-policy": {"policy": json.dumps(_tls_only(arn))},
        "bucket-lifecycle-configuration": {"lifecycle_configuration": {"Rules": _LIFECYCLE}},
    }


def _tls_only(arn: str) -> dict[str, Any]:
    refuse = {
        "Sid": "NobodyWithoutTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [refuse]}


# Deployed objects never expire by age: a stack still needs the code of its functions after years, if an update of it
# fails and is rolled back.
_LIFECYCLE = [
    {
        "ID": SUPERSEDED,
        "Status": "Enabled",
        "Filter": {"Tag": {"Key": SUPERSEDED, "Value": "yes"}},
        "Expiration": {"Days": _KEPT_DAYS},
    },
    {
        "ID": "unfinished uploads",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    },
]


def written(aws: Aws, bucket: str, under: str = "") -> dict[str, str]:
    """Return the modification time of each object under a prefix, in AWS's format, by its key."""
    listed = aws("s3api", "list-objects-v2", bucket=bucket, prefix=under) or {}
    return {each["Key"]: each["LastModified"] for each in listed.get("Contents") or []}


def supersede(aws: Aws, bucket: str, superseded: Iterable[str]) -> None:
    """Tag objects that the stack no longer uses: they expire after a month. Writing an object again removes its tag."""
    tags = {"TagSet": [{"Key": SUPERSEDED, "Value": "yes"}]}
    for key in sorted(superseded):
        aws("s3api", "put-object-tagging", bucket=bucket, key=key, tagging=tags)


def empty(aws: Aws, bucket: str, under: str = "") -> None:
    """Delete everything under a prefix, with all versions and delete markers."""
    for batch in _batches(_versions(aws, bucket, under)):
        answer = aws("s3api", "delete-objects", bucket=bucket, delete={"Objects": batch, "Quiet": True}) or {}
        if answer.get("Errors"):
            raise DeployError(f"Not deleted from {bucket}: {answer['Errors'][0]}")


def _versions(aws: Aws, bucket: str, under: str) -> list[dict[str, str]]:
    listed = aws("s3api", "list-object-versions", bucket=bucket, prefix=under) or {}
    found = [*(listed.get("Versions") or []), *(listed.get("DeleteMarkers") or [])]
    return [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]


def _batches(objects: list[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    # S3 accepts at most a thousand keys, a command line fewer.
    for start in range(0, len(objects), 500):
        yield objects[start : start + 500]
