"""The bucket that holds what CloudFormation and Lambda read in a deploy: one for all the stacks of a region."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from tools.deploy.aws import Aws
from tools.deploy.errors import AwsFailed, DeployError

SUPERSEDED = "superseded"
"""The tag of what a later deploy of its stack has replaced."""

_KEPT_DAYS = 30


def name(aws: Aws) -> str:
    """Return the bucket's name, which is unique to the account and region as names of buckets have to be."""
    return f"serverless-websocket-chat-{aws.account}-{aws.region}"


def prefix(stack: str) -> str:
    """Return where in the bucket a stack's files are."""
    return f"{stack}/"


def ensure(aws: Aws) -> str:
    """Make the bucket where it is missing, and have it as it should be; return its name.

    Raises:
        DeployError: the name is taken by somebody else.

    """
    bucket = name(aws)
    if not exists(aws, bucket):
        # us-east-1 is where buckets are made unless they are asked to be elsewhere, and refuses to be named.
        where = {} if aws.region == "us-east-1" else {"LocationConstraint": aws.region}
        aws("s3api", "create-bucket", bucket=bucket, **({"create_bucket_configuration": where} if where else {}))
    for setting, options in _settings(f"arn:{aws.partition}:s3:::{bucket}").items():
        aws("s3api", f"put-{setting}", bucket=bucket, **options)
    return bucket


def exists(aws: Aws, bucket: str) -> bool:
    """Say whether the account has the bucket.

    Raises:
        DeployError: it is there and cannot be used.

    """
    try:
        # Anybody can guess the name and have made a bucket of it, from which code would be deployed that is not ours.
        aws("s3api", "head-bucket", bucket=bucket, expected_bucket_owner=aws.account)
    except AwsFailed as exc:
        # `head-bucket` has no body, and so no code but the status of HTTP.
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


# What is deployed is never taken away by its age: a stack that nobody has touched for years still needs the code of its
# functions when an update of it fails and is rolled back.
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
    """Return when each object in the bucket under a prefix was written, as AWS writes times, by its key."""
    listed = aws("s3api", "list-objects-v2", bucket=bucket, prefix=under) or {}
    return {each["Key"]: each["LastModified"] for each in listed.get("Contents") or []}


def supersede(aws: Aws, bucket: str, superseded: Iterable[str]) -> None:
    """Mark what the stack no longer uses: it goes when it is a month old. Writing an object anew takes the mark off."""
    tags = {"TagSet": [{"Key": SUPERSEDED, "Value": "yes"}]}
    for key in sorted(superseded):
        aws("s3api", "put-object-tagging", bucket=bucket, key=key, tagging=tags)


def empty(aws: Aws, bucket: str, under: str = "") -> None:
    """Delete all that is in the bucket under a prefix, versions and their deletions included."""
    for batch in _batches(_versions(aws, bucket, under)):
        answer = aws("s3api", "delete-objects", bucket=bucket, delete={"Objects": batch, "Quiet": True}) or {}
        if answer.get("Errors"):
            raise DeployError(f"Not deleted from {bucket}: {answer['Errors'][0]}")


def _versions(aws: Aws, bucket: str, under: str) -> list[dict[str, str]]:
    listed = aws("s3api", "list-object-versions", bucket=bucket, prefix=under) or {}
    found = [*(listed.get("Versions") or []), *(listed.get("DeleteMarkers") or [])]
    return [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]


def _batches(objects: list[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    # A thousand at a time is what S3 takes; a command line takes less.
    for start in range(0, len(objects), 500):
        yield objects[start : start + 500]
