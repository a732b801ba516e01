"""Answers about change sets that CloudFormation gives and embedded AWS does not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.deploy.change_set import ChangeSet
from tools.deploy.errors import AwsFailed, DeployError

NESTED_FAILED = "Nested change set arn:aws:cloudformation:... was not successfully created: Currently in FAILED."


class ScriptedAws:
    """AWS's command line with given statuses of change sets; it records the calls."""

    def __init__(self, *reasons: str) -> None:
        self._reasons: Iterator[str] = iter(reasons)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, *command: str, **options: Any) -> Any:
        self.asked.append((command[1], options))
        match command[1]:
            case "describe-stacks":
                raise AwsFailed("cloudformation describe-stacks", "Stack with id chat does not exist")
            case "create-change-set":
                return {"StackId": "arn:stack", "Id": f"arn:{len(self.asked)}"}
            case "describe-change-set" if options in self.calls("delete-change-set"):
                raise AwsFailed("cloudformation describe-change-set", "ChangeSet does not exist")
            case "describe-change-set":
                reason = next(self._reasons)
                return {"Status": "FAILED" if reason else "CREATE_COMPLETE", "StatusReason": reason}
        return {}

    def calls(self, name: str) -> list[dict[str, Any]]:
        return [options for command, options in self.asked if command == name]


def make(aws: ScriptedAws, folder: Path) -> ChangeSet:
    stands_in: Any = aws
    (folder / "packaged.yaml").write_text("Resources: {}")
    return ChangeSet(stands_in, stack="chat", template=folder / "packaged.yaml", given={})


def test_nested_stacks_that_cannot_be_looked_into_are_deployed_all_the_same(tmp_path: Path) -> None:
    """The output says that the changes inside them cannot be shown."""
    aws = ScriptedAws(NESTED_FAILED, "")
    changes = make(aws, tmp_path)
    assert not changes.is_empty
    assert NESTED_FAILED in changes.hidden
    first, second = aws.calls("create-change-set")
    assert first["include_nested_stacks"] is True
    assert "include_nested_stacks" not in second
    assert len(aws.calls("delete-change-set")) == 1


def test_change_that_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    """Not the empty stack either, which would stand in the way of the next deploy, nor those that it would nest.

    Source: API reference, "DeleteChangeSet": that call deletes nested stacks in REVIEW_IN_PROGRESS.
    """
    aws = ScriptedAws("Template error: something")
    with pytest.raises(DeployError, match="refuses the change: Template error: something"):
        make(aws, tmp_path)
    deletions = [command for command, _ in aws.asked if command.startswith("delete-")]
    assert deletions == ["delete-change-set", "delete-stack"]
    assert aws.calls("delete-stack") == [{"stack_name": "arn:stack"}]


def test_change_set_of_nothing_is_empty(tmp_path: Path) -> None:
    """CloudFormation reports an empty change set as a failure."""
    aws = ScriptedAws("The submitted information didn't contain changes. Submit different information.")
    assert make(aws, tmp_path).is_empty
