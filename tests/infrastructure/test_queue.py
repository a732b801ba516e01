"""The queue of wake-ups, and the worker behind it."""

from typing import Any

import pytest


def test_a_message_stays_with_a_worker_for_as_long_as_that_may_run(queue: dict[str, Any], api: dict[str, Any]) -> None:
    """Lambda rejects a mapping whose queue has a shorter visibility timeout."""
    visible_again = queue["Resources"]["FanOutQueue"]["Properties"]["VisibilityTimeout"]

    assert visible_again >= api["Resources"]["FanOutFunction"]["Properties"]["Timeout"] == 900


def test_what_no_worker_can_do_is_kept_for_a_person(queue: dict[str, Any]) -> None:
    """The dead-letter queue keeps messages for SQS's maximum, longer than the queue itself."""
    main, dead = (queue["Resources"][name]["Properties"] for name in ("FanOutQueue", "DeadLetters"))

    assert main["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    assert dead["MessageRetentionPeriod"] == 1_209_600 > main["MessageRetentionPeriod"]


@pytest.mark.parametrize("name", ["FanOutQueue", "DeadLetters"])
def test_messages_are_encrypted_and_their_end_is_said(queue: dict[str, Any], name: str) -> None:
    """The key is owned by SQS and costs nothing."""
    resource = queue["Resources"][name]

    assert resource["Properties"]["SqsManagedSseEnabled"] is True
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Delete", "Delete")
    assert "QueueName" not in resource["Properties"]


def test_the_worker_gets_a_room_at_a_time_and_says_which_failed(api: dict[str, Any]) -> None:
    """A failed message must not cause others to be repeated."""
    mapping = api["Resources"]["FanOutEvents"]["Properties"]

    assert mapping["EventSourceArn"] == {"Ref": "QueueArn"}
    assert mapping["FunctionName"] == {"Ref": "FanOutFunction"}
    assert mapping["BatchSize"] == 1
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 5}
