"""Taking a stack away, with all that it made."""

from collections.abc import Callable

from tools.deploy import bucket, stacks
from tools.deploy.aws import Aws

Log = Callable[[str], None]


def down(aws: Aws, *, stack: str, agree: Callable[[str], bool], log: Log) -> None:
    """Delete the stack, the contents of its buckets, and what its deploys left in the artifact bucket.

    Args:
        aws: AWS.
        stack: The stack's name; where there is none, what is left of it is deleted.
        agree: Asks a person whether the artifact bucket may go, which no other stack uses.
        log: Takes what a person should know.

    Raises:
        DeployError: something could not be deleted.

    """
    described = stacks.describe(aws, stack)
    if described is None:
        log(f"There is no stack {stack} in account {aws.account}, region {aws.region}.")
    else:
        _delete(aws, stack, str(described["StackId"]), log)
    _forget_artifacts(aws, stack, agree, log)


def _delete(aws: Aws, stack: str, stack_id: str, log: Log) -> None:
    for each in stacks.resources(aws, stack):
        # CloudFormation deletes no bucket that holds something. One that it could not create may be somebody else's.
        if each["ResourceType"] == stacks.BUCKET and each["ResourceStatus"] != "CREATE_FAILED":
            log(f"Emptying the bucket {each['PhysicalResourceId']}")
            bucket.empty(aws, each["PhysicalResourceId"])
    stacks.delete(aws, stack_id, log)


def _forget_artifacts(aws: Aws, stack: str, agree: Callable[[str], bool], log: Log) -> None:
    store = bucket.name(aws)
    if not bucket.exists(aws, store):
        return
    bucket.empty(aws, store, bucket.prefix(stack))
    if bucket.written(aws, store):
        log(f"The bucket {store} stays: other stacks use it.")
    elif agree(f"No stack uses the artifact bucket {store} any more. Delete it?"):
        aws("s3api", "delete-bucket", bucket=store)
