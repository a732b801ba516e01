"""Deletes a stack with everything that it created."""

from collections.abc import Callable

from tools.deploy import bucket, stacks
from tools.deploy.aws import Aws

Log = Callable[[str], None]


def down(aws: Aws, *, stack: str, agree: Callable[[str], bool], log: Log) -> None:
    """Delete the stack, the contents of its buckets, and its objects in the artifact bucket.

    Args:
        aws: AWS.
        stack: The name of the stack; if it does not exist, its remains are deleted.
        agree: Asks the user whether to delete the artifact bucket if no other stack uses it.
        log: Called with lines for the user.

    Raises:
        DeployError: A resource could not be deleted.

    """
    described = stacks.describe(aws, stack)
    if described is None:
        log(f"There is no stack {stack} in account {aws.account}, region {aws.region}.")
    else:
        _delete(aws, stack, str(described["StackId"]), log)
    _delete_artifacts(aws, stack, agree, log)


def _delete(aws: Aws, stack: str, stack_id: str, log: Log) -> None:
    for each in stacks.resources(aws, stack):
        # CloudFormation only deletes empty buckets. A bucket that it could not create may belong to another account.
        if each["ResourceType"] == stacks.BUCKET and each["ResourceStatus"] != "CREATE_FAILED":
            log(f"Emptying the bucket {each['PhysicalResourceId']}")
            bucket.empty(aws, each["PhysicalResourceId"])
    stacks.delete(aws, stack_id, log)


def _delete_artifacts(aws: Aws, stack: str, agree: Callable[[str], bool], log: Log) -> None:
    store = bucket.name(aws)
    if not bucket.exists(aws, store):
        return
    bucket.empty(aws, store, bucket.prefix(stack))
    if bucket.written(aws, store):
        log(f"The bucket {store} stays: other stacks use it.")
    elif agree(f"No stack uses the artifact bucket {store} any longer. Delete it?"):
        aws("s3api", "delete-bucket", bucket=store)
