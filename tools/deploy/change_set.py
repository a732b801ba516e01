"""Change sets: the changes of a deploy, to be reviewed before they are made."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.deploy import stacks
from tools.deploy.aws import Aws
from tools.deploy.errors import AwsFailed, DeployError

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
"""A role for each function; a transform in the nested templates."""

BUILT_IN = {"Adapters"}
"""Parameters with a default that the build sets: the previous value of the stack is not kept."""

_NOTHING = ("didn't contain changes", "No updates are to be performed")


class _Refused(DeployError):
    """CloudFormation rejected the request for a change set."""


class ChangeSet:
    """A change set of a stack, created but not executed."""

    def __init__(self, aws: Aws, *, stack: str, template: Path, given: Mapping[str, str]) -> None:
        """Create the change set and wait until CloudFormation has finished it.

        Args:
            aws: AWS.
            stack: The name of the stack, which need not exist.
            template: The packaged template.
            given: Values of parameters; others keep the value of the stack, or their default.

        Raises:
            DeployError: A parameter is unknown, the template is rejected, or the stack cannot be updated in its state.

        """
        self._aws = aws
        existing = _usable(stacks.describe(aws, stack), stack)
        self.is_new = existing is None
        # As text: the command line takes everything after `file://` literally as a path, also the %20 of a URL.
        body = template.read_text(encoding="utf-8")
        request = {
            "stack_name": stack,
            "change_set_type": "CREATE" if self.is_new else "UPDATE",
            "template_body": body,
            "parameters": _parameters(aws, body, given, existing),
            "capabilities": CAPABILITIES,
        }
        self.hidden = ""
        """Why the lines do not include the changes inside nested stacks; empty if they do."""
        try:
            try:
                self._make(request | {"include_nested_stacks": True})
            except _Refused as exc:
                # Outputs that one nested stack passes to another are not known yet, so that not every template supports
                # this.
                if "nested" not in str(exc).lower():
                    raise
                self.hidden = str(exc)
                self._delete()
                self._make(request)
        except _Refused:
            self.discard()
            raise

    def _make(self, request: Mapping[str, Any]) -> None:
        answer = self._aws("cloudformation", "create-change-set", change_set_name=f"deploy-{time.time_ns()}", **request)
        self.stack_id = str(answer["StackId"])
        self._id = str(answer["Id"])
        self.is_empty = self._wait()["Status"] == "FAILED"

    def _wait(self) -> dict[str, Any]:
        while True:
            described = self._describe(self._id)
            if described["Status"] == "FAILED" and not any(each in described["StatusReason"] for each in _NOTHING):
                raise _Refused(f"CloudFormation refuses the change: {described['StatusReason']}")
            if described["Status"] in {"CREATE_COMPLETE", "FAILED"}:
                return described
            time.sleep(1)

    def _describe(self, change_set: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._aws("cloudformation", "describe-change-set", change_set_name=change_set)
        return answer

    def lines(self) -> Iterator[str]:
        """Yield a line for each resource that changes, those of nested stacks below theirs."""
        yield from self._lines(self._id, "  ")

    def _lines(self, change_set: str, indent: str) -> Iterator[str]:
        for each in self._describe(change_set).get("Changes") or []:
            change = each["ResourceChange"]
            # `Conditional` if it depends on the result of another change.
            replaced = {"True": ", replaced", "Conditional": ", replaced if necessary"}.get(
                change.get("Replacement"), ""
            )
            yield f"{indent}{change['Action']:<7}{change['LogicalResourceId']} ({change['ResourceType']}){replaced}"
            if change.get("ChangeSetId"):
                yield from self._lines(change["ChangeSetId"], indent + "  ")

    def execute(self) -> None:
        """Execute the change set; this returns when CloudFormation has started, which then takes minutes."""
        self._aws("cloudformation", "execute-change-set", change_set_name=self._id)

    def discard(self) -> None:
        """Delete the change set and the empty stacks that it created."""
        self._delete()
        if self.is_new:
            self._aws("cloudformation", "delete-stack", stack_name=self.stack_id)

    def _delete(self) -> None:
        """Delete the change set with the empty nested stacks, which are not deleted with the stack."""
        self._aws("cloudformation", "delete-change-set", change_set_name=self._id)
        while self._is_being_deleted():
            time.sleep(1)

    def _is_being_deleted(self) -> bool:
        try:
            described = self._describe(self._id)
        except AwsFailed as exc:
            if "does not exist" in exc.said:
                return False
            raise
        return described["Status"] in {"DELETE_PENDING", "DELETE_IN_PROGRESS"}


def _usable(described: dict[str, Any] | None, stack: str) -> dict[str, Any] | None:
    status = described["StackStatus"] if described else ""
    # The state of a new stack whose change set was not executed.
    if described is None or status == "REVIEW_IN_PROGRESS":
        return None
    if status in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}:
        raise DeployError(
            f"The stack {stack} is in state {status} and can only be deleted: `make destroy STACK={stack}`."
        )
    if not status.endswith("_COMPLETE"):
        raise DeployError(f"The stack {stack} is in state {status} and cannot be updated now.")
    return described


def _parameters(aws: Aws, body: str, given: Mapping[str, str], existing: dict[str, Any] | None) -> list[dict[str, Any]]:
    declared = {each["ParameterKey"] for each in _declared(aws, body)}
    if unknown := sorted(given.keys() - declared):
        raise DeployError(f"There is no parameter {', '.join(unknown)}; there are {', '.join(sorted(declared))}.")
    had = {each["ParameterKey"] for each in (existing or {}).get("Parameters") or []}
    kept = had & declared - given.keys() - BUILT_IN
    values: list[dict[str, Any]] = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
    return values + [{"ParameterKey": key, "UsePreviousValue": True} for key in sorted(kept)]


def _declared(aws: Aws, body: str) -> list[dict[str, Any]]:
    summary: dict[str, Any] = aws("cloudformation", "get-template-summary", template_body=body)
    return summary.get("Parameters") or []
