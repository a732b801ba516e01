"""Idle timeout and connection lifetime of `chat local`, shorter than API Gateway's."""

import asyncio
import json
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.support.local_stack import local_stack
from tests.support.project import Project

TELLING = """
def handler(event, context):
    context = event["requestContext"]
    if context["routeKey"] == "$disconnect":
        print("left:", context["disconnectStatusCode"], context["disconnectReason"])
    return {"statusCode": 200, "body": "yes"}
"""
DISCONNECT = """
  Disconnect:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Api, RouteKey: $disconnect, Target: !Sub "integrations/${Integration}"}
"""


@pytest.mark.parametrize("option", ["--idle-timeout", "--connection-lifetime"])
async def test_connection_is_closed_when_its_time_is_over(tmp_path: Path, option: str) -> None:
    """The close code and reason are API Gateway's, and `$disconnect` receives them."""
    project = Project(tmp_path, TELLING)
    project.template.write_text(project.template.read_text() + DISCONNECT.lstrip("\n"))
    with local_stack("--template", str(project.template), option, "1") as stack:
        async with connect(stack.ws_url, open_timeout=30) as client:
            await asyncio.wait_for(client.wait_closed(), 10)
        assert (client.close_code, client.close_reason) == (1001, "Going away")
        stack.wait_for_log(r"left: 1001 Going away")


async def test_messages_keep_a_connection_from_being_idle(tmp_path: Path) -> None:
    """A message restarts the timeout."""
    project = Project(tmp_path, TELLING)
    with local_stack("--template", str(project.template), "--idle-timeout", "1.5") as stack:
        async with connect(stack.ws_url, open_timeout=30) as client:
            for _ in range(4):
                await client.send(json.dumps("still there?"))
                assert await asyncio.wait_for(client.recv(), 10) == "yes"
                await asyncio.sleep(0.6)
            await asyncio.wait_for(client.wait_closed(), 10)
        assert client.close_code == 1001
