"""What each function imports before its first event. A client waits for the cold start of its own."""

import os
import subprocess
import sys

import pytest

NEEDED_TO_DELIVER = {"chat_core.fanout.drain", "chat_core.domain.feed", "adapters.dynamodb.room_feed"}
NEEDED_TO_READ_A_FRAME = {"chat_core.use_cases.receive_frame", "chat_core.domain.replies"}
NEEDED_BY_SOME_COMMANDS = {"chat_core.use_cases.join_room", "chat_core.use_cases.look"}
NEEDED_BY_SOME_DEPLOYS = {"boto3", "pynamodb", "aioboto3", "jwt", "adapters.dynamodb.rate_limiter"}
SPARED = {
    "connect": NEEDED_TO_DELIVER | NEEDED_TO_READ_A_FRAME | {"adapters.sqs", "adapters.apigateway"},
    "disconnect": NEEDED_BY_SOME_COMMANDS,
    "send_message": NEEDED_BY_SOME_COMMANDS,
    "default": set[str](),
    "fan_out": NEEDED_BY_SOME_COMMANDS,
    "keep_alive": NEEDED_BY_SOME_COMMANDS,
}


@pytest.mark.parametrize("name", SPARED)
def test_function_imports_what_it_needs(name: str) -> None:
    """Each module takes about a millisecond, on a fast machine."""
    environment = {
        "CONNECTIONS_TABLE": "table",
        "FAN_OUT_QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/queue",
        "MANAGEMENT_ENDPOINT": "https://chat.example.com/v1",
    }
    check = f"import entrypoints.aws_lambda.{name}, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    imported = set(done.stdout.split())
    assert f"entrypoints.aws_lambda.{name}" in imported
    assert imported & (SPARED[name] | NEEDED_BY_SOME_DEPLOYS) == set()
