"""The chat page of a stack that has one, published with each deploy."""

from collections.abc import Mapping
from contextlib import closing

import boto3

from tools.deploy.aws import Aws
from tools.deploy.errors import AwsFailed
from tools.publish_page import publish_page


def publish(aws: Aws, outputs: Mapping[str, str]) -> bool:
    """Upload the page to the stack's bucket; return whether the stack has a page.

    Args:
        aws: AWS. Its credentials are used: version 2 has ways to sign in that boto3 lacks.
        outputs: The outputs of the stack.

    """
    if "PageBucketName" not in outputs:
        return False
    with closing(_session(aws).client("s3")) as s3:
        publish_page(s3, bucket=outputs["PageBucketName"], socket_url=outputs["WebSocketUrl"])
    return True


def _session(aws: Aws) -> boto3.Session:
    try:
        given = aws("configure", "export-credentials")
    except AwsFailed:
        # Version 1 does not have this command, and boto3 has all its ways to sign in.
        return boto3.Session(profile_name=aws.profile, region_name=aws.region)
    return boto3.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given.get("SessionToken"),
        region_name=aws.region,
    )
