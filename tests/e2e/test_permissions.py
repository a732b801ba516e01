"""`chat local` with permissions missing from the template: it fails as AWS would, and logs what is missing."""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.support.local_stack import LocalStack, local_stack

TEMPLATES = Path(__file__).parents[1] / "fixtures" / "templates"


def without(template: str, *resources: str) -> str:
    """Return the template's text without the given resources."""
    for name in resources:
        template, count = re.subn(rf"(?m)^  {name}:\n(    .*\n)+", "", template)
        assert count == 1, name
    return template


@pytest.mark.parametrize(
    ("removed", "function", "source"),
    [
        ("GuardPermission", "GuardFunction", "authorizers/${Guard}"),
        ("EchoPermission", "EchoFunction", "${Stage}/$connect"),
    ],
)
async def test_function_without_permission_is_not_invoked(
    tmp_path: Path, removed: str, function: str, source: str
) -> None:
    """Neither behind a route nor as an authorizer; the client gets 500, and the log has the resource to add."""
    (tmp_path / "src").symlink_to(TEMPLATES / "src")
    path = tmp_path / "template.yaml"
    path.write_text(without((TEMPLATES / "authorizer.yaml").read_text(), removed))
    with local_stack("--template", str(path)) as stack:
        with pytest.raises(InvalidStatus) as caught:
            await connect(stack.ws_url + "?token=letmein", open_timeout=30)
        line = stack.wait_for_log("add {Type: AWS::Lambda::Permission")
    assert caught.value.response.status_code == 500
    assert f"{{FunctionName: !Ref {function}, Action: lambda:InvokeFunction, " in line
    assert f':${{Api}}/{source}"}}}}' in line


@pytest.fixture
def own_stack() -> Iterator[LocalStack]:
    """Start a stack whose roles the test changes."""
    with local_stack() as stack:
        yield stack


@pytest.fixture
def iam(own_stack: LocalStack) -> Iterator[Any]:
    """Return a client of the stack's IAM."""
    endpoint = own_stack.wait_for_log(r"AWS endpoint http://\S+").split()[-1]
    client = boto3.client("iam", endpoint_url=endpoint, region_name="us-east-1")
    yield client
    client.close()


def role_of(iam: Any, name: str) -> str:
    """Return the name of the role with this logical id."""
    return next(str(each["RoleName"]) for each in iam.list_roles()["Roles"] if f"-{name}-" in each["RoleName"])


def put(iam: Any, role: str, statement: dict[str, str]) -> None:
    """Add a policy to the role."""
    document = {"Version": "2012-10-17", "Statement": [statement]}
    iam.put_role_policy(RoleName=role, PolicyName="tried", PolicyDocument=json.dumps(document))


def times_read(stack: LocalStack, times: int) -> None:
    """Wait until the permissions have been read again `count` times."""
    deadline = time.monotonic() + 10
    while sum("Permissions: read again" in line for line in stack.log) < times:
        assert time.monotonic() < deadline, stack.log
        time.sleep(0.02)


async def test_role_that_is_changed_while_the_stack_runs_counts_as_it_is(own_stack: LocalStack, iam: Any) -> None:
    """DynamoDB requests are judged by the new policy, so that a developer can try a policy without a restart."""
    role = role_of(iam, "ConnectRole")
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    async with connect(own_stack.ws_url, open_timeout=30):
        assert not any("Permissions" in line for line in own_stack.log)
    iam.delete_role_policy(RoleName=role, PolicyName=name)
    times_read(own_stack, 1)
    with pytest.raises(InvalidStatus):
        await connect(own_stack.ws_url, open_timeout=30)
    own_stack.wait_for_log("Api/ConnectFunction may not dynamodb:")
    put(iam, role, {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"})
    times_read(own_stack, 2)
    async with connect(own_stack.ws_url, open_timeout=30):
        pass
    iam.delete_role_policy(RoleName=role, PolicyName="tried")
    iam.delete_role(RoleName=role)
    times_read(own_stack, 3)
    with pytest.raises(InvalidStatus):
        await connect(own_stack.ws_url, open_timeout=30)


async def test_role_that_is_changed_counts_for_the_gateway_as_well(own_stack: LocalStack, iam: Any) -> None:
    """The gateway runs in another process than IAM."""
    role = role_of(iam, "SendMessageRole")
    async with connect(own_stack.ws_url, open_timeout=30) as client:
        await client.send('{"action":"sendmessage","data":"live long"}')
        assert await asyncio.wait_for(client.recv(), 30) == "live long"
        put(iam, role, {"Effect": "Deny", "Action": "execute-api:ManageConnections", "Resource": "*"})
        times_read(own_stack, 1)
        await client.send('{"action":"sendmessage","data":"and prosper"}')
        own_stack.wait_for_log("Api/SendMessageFunction may not execute-api:ManageConnections")
