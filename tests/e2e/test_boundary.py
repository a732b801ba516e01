"""The chat under the permissions boundary that a pipeline's role requires: everything still works."""

import asyncio
import json
import shutil
import time
from pathlib import Path
from typing import Any

import jwt
from websockets.asyncio.client import ClientConnection, connect

from local_aws.embedded_aws.clients import client
from tests.e2e.test_privileges_are_needed import COMMANDS, REPOSITORY, read
from tests.support import dynamodb, feeds, sqs
from tests.support.local_stack import LocalStack, local_stack

STACK = "chat-local"
TIMEOUT = 60


def bounded(folder: Path, *, without: str = "") -> Path:
    """Write the project's templates with the boundary, minus the action `without`.

    Return the path of the master template.
    """
    (folder / "src").symlink_to(REPOSITORY / "src")
    shutil.copytree(REPOSITORY / "infrastructure", folder / "infrastructure")
    boundary = read("pipeline-role.yaml")["Resources"]["Boundary"]
    for statement in boundary["Properties"]["PolicyDocument"]["Statement"]:
        statement["Action"] = [each for each in _list(statement["Action"]) if each != without]
        statement["Resource"] = [each for each in _list(statement["Resource"]) if "Fn::If" not in each]
    master = read("template.yaml")
    for nested in master["Resources"].values():
        if "PermissionsBoundary" in nested["Properties"].get("Parameters", {}):
            nested["Properties"]["Parameters"]["PermissionsBoundary"] = {"Ref": "Boundary"}
    # Embedded AWS puts the stack's name into the name of a secret.
    text = (
        json.dumps(boundary)
        .replace("${StackName}", STACK)
        .replace("secret:TokenSecret-", f"secret:{STACK}-*-TokenSecret-")
    )
    master["Resources"]["Boundary"] = json.loads(text)
    del master["Resources"]["Boundary"]["Properties"]["Path"]
    path = folder / "infrastructure" / "template.yaml"
    path.write_text(json.dumps(master))
    return path


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


async def received(socket: ClientConnection) -> str:
    async with asyncio.timeout(TIMEOUT):
        return str(await socket.recv())


def endpoint_of(stack: LocalStack) -> str:
    return stack.wait_for_log(r"AWS endpoint http://\S+").split()[-1]


def token(stack: LocalStack) -> str:
    """Return a token signed with the secret that the stack generated."""
    secrets = client("secretsmanager", endpoint=endpoint_of(stack), region="us-east-1")
    (secret,) = secrets.list_secrets()["SecretList"]
    value = secrets.get_secret_value(SecretId=secret["ARN"])["SecretString"]
    secrets.close()
    return jwt.encode({"sub": "ada", "exp": int(time.time()) + 600}, value, algorithm="HS256")


def leave_behind(stack: LocalStack) -> None:
    """Leave a message to the worker, and wake it."""
    endpoint = endpoint_of(stack)
    (table,) = dynamodb.client(endpoint).list_tables()["TableNames"]
    (url,) = [each for each in sqs.client(endpoint).list_queues()["QueueUrls"] if "-FanOutQueue-" in each]
    feeds.leave_behind(endpoint, table, "left behind")
    feeds.wake(endpoint, url)


async def test_nothing_that_the_chat_does_is_beyond_the_boundary(tmp_path: Path) -> None:
    """The test covers handshakes with a token, messages of both protocols, errors, the worker, and disconnects."""
    template = bounded(tmp_path)
    with local_stack("--template", str(template), "--parameter-overrides", "AuthorizerType=hs256") as stack:
        url = f"{stack.ws_url}?token={token(stack)}"
        async with connect(url, open_timeout=TIMEOUT):
            pass
        async with connect(url, open_timeout=TIMEOUT) as one, connect(url, open_timeout=TIMEOUT) as other:
            await one.send('{"action":"sendmessage","data":"live long"}')
            assert [await received(each) for each in (one, other)] == ["live long"] * 2
            await one.send('{"action":"nonsense"}')
            assert "error" in await received(one)
            await asyncio.to_thread(leave_behind, stack)
            assert [await received(each) for each in (one, other)] == ["left behind"] * 2
            async with connect(f"{url}&protocol=centrifuge", open_timeout=TIMEOUT) as rich:
                await rich.send(COMMANDS)
                assert "error" not in await received(rich)
        assert [line for line in stack.log if " may not " in line or "Not enforced" in line] == []


async def test_boundary_counts_for_more_than_the_roles_policies(tmp_path: Path) -> None:
    """The test above proves something only if the boundary is enforced: a role cannot allow more than its boundary."""
    with local_stack("--template", str(bounded(tmp_path, without="dynamodb:Query"))) as stack:
        async with connect(stack.ws_url, open_timeout=TIMEOUT) as one:
            await one.send('{"action":"sendmessage","data":"live long"}')
            line = await asyncio.to_thread(
                stack.wait_for_log, "^Api/SendMessageFunction may not dynamodb:Query", timeout=TIMEOUT
            )
        assert "boundary" in line
