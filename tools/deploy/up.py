"""Deploys a build: uploads the artifact, and creates or updates the stack."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tools.deploy import bucket, stacks
from tools.deploy.aws import Aws
from tools.deploy.change_set import ChangeSet
from tools.deploy.errors import DeployError

Log = Callable[[str], None]
SUCCESSES = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def up(
    aws: Aws,
    *,
    stack: str,
    built: Path,
    parameters: Mapping[str, str],
    agree: Callable[[str], bool],
    log: Log,
) -> dict[str, str]:
    """Deploy a build; return the outputs of the stack.

    Args:
        aws: AWS.
        stack: The stack's name.
        built: The folder made by `tools.artifact`.
        parameters: Values of the template's parameters; others keep their value.
        agree: Asks the user after the list of changes.
        log: Called with lines for the user.

    Raises:
        DeployError: The user declined the deploy, or it failed.

    """
    template = built / "infrastructure" / "template.yaml"
    if not template.exists():
        raise DeployError("There is no build to deploy: run `make build`.")
    log(f"Account {aws.account}, region {aws.region}, stack {stack}")
    _clear(aws, stack, agree, log)
    store = bucket.ensure(aws)
    before = bucket.written(aws, store, bucket.prefix(stack))
    packaged = _package(aws, template, store, stack)
    after = bucket.written(aws, store, bucket.prefix(stack))
    changes = ChangeSet(aws, stack=stack, template=packaged, given=parameters)
    if changes.is_empty:
        changes.discard()
        log("Nothing to change.")
    else:
        _apply(aws, changes, agree, log)
    # All objects in use were just written, even those that existed.
    newest = max(before.values(), default="")
    bucket.supersede(aws, store, (key for key, written in after.items() if written < newest))
    return stacks.outputs(stacks.describe(aws, stack) or {})


def _clear(aws: Aws, stack: str, agree: Callable[[str], bool], log: Log) -> None:
    """Delete the empty stack of a failed first deploy, which CloudFormation cannot update."""
    described = stacks.describe(aws, stack)
    if described is None or described["StackStatus"] != "ROLLBACK_COMPLETE":
        return
    if not agree(f"The first deploy of {stack} failed. Delete its remains and begin again?"):
        raise DeployError("Nothing was deployed.")
    stacks.delete(aws, str(described["StackId"]), log)


def _package(aws: Aws, template: Path, store: str, stack: str) -> Path:
    """Upload the code and the nested templates; return the template that refers to them."""
    packaged = template.parent.parent / "packaged.yaml"
    aws(
        "cloudformation",
        "package",
        template_file=str(template),
        s3_bucket=store,
        s3_prefix=bucket.prefix(stack).rstrip("/"),
        output_template_file=str(packaged),
        force_upload=True,
    )
    return packaged


def _apply(aws: Aws, changes: ChangeSet, agree: Callable[[str], bool], log: Log) -> None:
    log("Changes:")
    for line in changes.lines():
        log(line)
    if changes.hidden:
        log(f"The changes inside the nested stacks are not known in advance. {changes.hidden}")
    agreed = False
    try:
        agreed = agree("Deploy this?")
    finally:
        # Without a terminal, or after Ctrl-C, the user has not agreed either.
        if not agreed:
            changes.discard()
    if not agreed:
        raise DeployError("Nothing was deployed.")
    since = stacks.last_event(aws, changes.stack_id)
    changes.execute()
    status = stacks.finished(aws, changes.stack_id, log)
    if status not in SUCCESSES:
        raise stacks.failed(aws, changes.stack_id, status, since)
