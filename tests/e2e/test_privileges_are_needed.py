"""Each permission of the project's own template taken away in turn: something fails, and the log names what is missing.

All run in one stack, whose master template nests a copy of the API and its table for each case, with the functions that
the case needs. What functions may write to CloudWatch Logs is not seen here: no log leaves the machine.
"""

import asyncio
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import decode
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.support import sqs
from tests.support.local_stack import LocalStack, local_stack

REPOSITORY = Path(__file__).parents[2]
FUNCTIONS = ("Connect", "Disconnect", "SendMessage", "Default", "FanOut")
MESSAGE = '{"action":"sendmessage","data":"live long","ref":"1"}'
NONSENSE = '{"action":"nonsense"}'
INTERNAL = "Internal server error"
UNAVAILABLE = "could not be reached"
TIMEOUT = 60


@dataclass(frozen=True, kw_only=True)
class Case:
    """A missing permission, and its effect on a client."""

    function: str
    action: str = ""
    """The action that the role lacks; if empty, API Gateway lacks the permission to invoke the function."""
    functions: tuple[str, ...]
    """The functions of this copy of the API."""
    refused: int = 0
    """The HTTP status of the failed handshake."""
    sends: str = MESSAGE
    receives: str = ""
    """Part of the frame that the client receives; empty if it receives none."""
    seconds: int = 0
    """The function's timeout; 0 keeps that of the template."""

    @property
    def name(self) -> str:
        """The logical id of the copy."""
        return self.function + (self.action or "Permission").replace(":", "").replace("-", "")


CASES = [
    Case(function="Connect", functions=("Connect",), refused=500),
    Case(function="Connect", action="dynamodb:PutItem", functions=("Connect",), refused=503),
    Case(function="Connect", action="dynamodb:UpdateItem", functions=("Connect",), refused=503),
    Case(function="Disconnect", functions=("Disconnect",)),
    Case(function="Disconnect", action="dynamodb:UpdateItem", functions=("Disconnect",)),
    Case(function="Disconnect", action="dynamodb:BatchWriteItem", functions=("Connect", "Disconnect")),
    Case(function="SendMessage", functions=("SendMessage",), receives=INTERNAL),
    Case(function="SendMessage", action="dynamodb:GetItem", functions=("SendMessage",), receives=UNAVAILABLE),
    Case(function="SendMessage", action="dynamodb:UpdateItem", functions=("SendMessage",), receives=UNAVAILABLE),
    Case(function="SendMessage", action="dynamodb:Query", functions=("SendMessage",), receives=UNAVAILABLE),
    Case(
        function="SendMessage", action="dynamodb:BatchWriteItem", functions=("Connect", "SendMessage"), receives="live"
    ),
    Case(function="SendMessage", action="execute-api:ManageConnections", functions=("Connect", "SendMessage")),
    # With a timeout of 1 s no time is left for deliveries, and the job is handed off.
    Case(function="SendMessage", action="sqs:SendMessage", functions=("Connect", "SendMessage"), seconds=1),
    Case(function="Default", functions=("Default",), sends=NONSENSE, receives=INTERNAL),
    Case(function="Default", action="execute-api:ManageConnections", functions=("Default",), sends=NONSENSE),
    *(
        Case(function="FanOut", action=action, functions=("Connect", "FanOut"))
        for action in (
            "dynamodb:Query",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:BatchWriteItem",
            "execute-api:ManageConnections",
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
        )
    ),
    Case(function="FanOut", action="sqs:SendMessage", functions=("Connect", "FanOut"), seconds=1),
]
WHOLE = Case(function="Whole", action="nothing", functions=FUNCTIONS, receives="live")


@dataclass
class Run:
    """A stack in which all cases have run."""

    stack: LocalStack
    statuses: dict[str, int] = field(default_factory=dict)
    """The statuses of refused handshakes, by the case's name."""
    received: dict[str, str] = field(default_factory=dict)


def read(name: str) -> dict[str, Any]:
    """Return one of the project's templates, with intrinsic functions in their long form."""
    template, problems = decode(str(REPOSITORY / "infrastructure" / name))
    assert not problems
    plain: dict[str, Any] = json.loads(json.dumps(template))
    return plain


def without(api: dict[str, Any], case: Case) -> dict[str, Any]:
    """Return the API's template without the case's permission and without functions that the case does not need."""
    absent = [each for each in FUNCTIONS if each not in case.functions]
    resources = {name: each for name, each in api["Resources"].items() if not name.startswith(tuple(absent))}
    if not case.action:
        del resources[f"{case.function}Permission"]
    elif case is not WHOLE:
        statements = resources[f"{case.function}Role"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        (statement,) = [each for each in statements if case.action in _list(each.get("Action", ()))]
        kept = [each for each in _list(statement["Action"]) if each != case.action]
        statements.remove(statement)
        statements += [{**statement, "Action": kept}] if kept else []
    if case.seconds:
        resources[f"{case.function}Function"]["Properties"]["Timeout"] = case.seconds
    for each in resources.values():
        if each["Type"] == "AWS::ApiGatewayV2::Deployment":
            each["DependsOn"] = [name for name in each["DependsOn"] if name in resources]
    resources["Api"]["Properties"]["Name"] = case.name
    return {name: part for name, part in api.items() if name != "Outputs"} | {"Resources": resources}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def write(folder: Path) -> Path:
    """Write a master template with a copy for each case; return its path."""
    (folder / "src").symlink_to(REPOSITORY / "src")
    infrastructure = folder / "infrastructure"
    infrastructure.mkdir()
    for path in (REPOSITORY / "infrastructure").glob("*.yaml"):
        shutil.copy(path, infrastructure)
    master = read("template.yaml")
    storage, queue, api = (master["Resources"].pop(name) for name in ("Storage", "Queue", "Api"))
    # These only observe or name the API; a message does not need them.
    del master["Outputs"]
    for name in ("Alarms", "Dashboard", "Domain", "ChatPage"):
        del master["Resources"][name]
    for case in [*CASES, WHOLE]:
        (infrastructure / f"{case.name}.yaml").write_text(json.dumps(without(read("api.yaml"), case)))
        copy = json.dumps(api).replace("./api.yaml", f"./{case.name}.yaml")
        for name in ("Storage", "Queue"):
            copy = copy.replace(f"{name}.Outputs", f"{case.name}{name}.Outputs")
            copy = copy.replace(f'["{name}", "Outputs', f'["{case.name}{name}", "Outputs')
        master["Resources"] |= {case.name: json.loads(copy)}
        master["Resources"] |= {f"{case.name}Storage": storage, f"{case.name}Queue": queue}
    path = infrastructure / "template.yaml"
    path.write_text(json.dumps(master))
    return path


async def go_through(run: Run, case: Case, url: str) -> None:
    """Connect and disconnect one client, then send a message as another."""
    try:
        async with connect(url, open_timeout=TIMEOUT):
            pass
        if case.function == "FanOut":
            # The table still has the client that has just disconnected; the gateway answers 410 for it after a moment.
            await asyncio.sleep(0.5)
            await asyncio.to_thread(hand_on, run.stack, case)
            await asyncio.to_thread(run.stack.wait_for_log, f"^{case.name}/.* may not ", timeout=TIMEOUT)
            return
        async with connect(url, open_timeout=TIMEOUT) as client:
            await client.send(case.sends)
            if case.receives:
                run.received[case.name] = str(await asyncio.wait_for(client.recv(), TIMEOUT))
            elif case.function != "Disconnect":
                # The connection must stay open until the function has tried to answer.
                await _until_refused(run.stack, case, client)
    except InvalidStatus as exc:
        run.statuses[case.name] = exc.response.status_code


async def _until_refused(stack: LocalStack, case: Case, client: ClientConnection) -> None:
    """Wait for the log line.

    Send again meanwhile: on a busy machine, a function with a timeout of 1 s may be stopped before.
    """
    for _ in range(TIMEOUT // 10):
        try:
            await asyncio.to_thread(stack.wait_for_log, f"^{case.name}/.* may not ", timeout=10)
        except TimeoutError:
            await client.send(case.sends)
        else:
            return


def hand_on(stack: LocalStack, case: Case) -> None:
    """Put a message into the queue of the case's worker."""
    client = sqs.client(stack.wait_for_log(r"AWS endpoint http://\S+").split()[-1])
    (url,) = [
        url for url in client.list_queues()["QueueUrls"] if f"-{case.name}Queue-" in url and "-FanOutQueue-" in url
    ]
    client.send_message(
        QueueUrl=url, MessageBody=json.dumps({"id": case.name, "room": "lobby", "sender": "s", "data": "hi"})
    )


async def go_through_all(run: Run, urls: dict[str, str]) -> None:
    """Run all cases at the same time."""
    await asyncio.gather(*(go_through(run, case, urls[case.name]) for case in [*CASES, WHOLE]))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Start the stack and run all cases."""
    with local_stack("--template", str(write(tmp_path_factory.mktemp("copies")))) as stack:
        run = Run(stack)
        stack.wait_for_log("^Ready after")
        while "Ctrl-C stops everything." not in stack.out:
            time.sleep(0.05)
        lines = [line.split() for line in stack.out if line.startswith("WebSocket")]
        asyncio.run(go_through_all(run, {line[2].strip("()"): line[1] for line in lines}))
        yield run


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_without_a_permission_something_fails_and_the_log_names_it(run: Run, case: Case) -> None:
    """Each permission is proved to be needed, before a deploy shows that one is missing."""
    function = f"{case.name}/{case.function}Function"
    if case.action:
        line = run.stack.wait_for_log(f"^{function} may not {case.action} on arn:aws:")
        assert f"; add to {case.name}/{case.function}Role: {{Effect: Allow, Action: {case.action}, Resource: " in line
    else:
        line = run.stack.wait_for_log(f"API Gateway has no permission to invoke {function} for arn:aws:execute-api:")
        properties = f"FunctionName: !Ref {case.function}Function, Action: lambda:InvokeFunction"
        assert f"; add {{Type: AWS::Lambda::Permission, Properties: {{{properties}" in line
    assert run.statuses.get(case.name, 0) == case.refused
    assert case.receives in run.received.get(case.name, "")


def test_with_all_of_them_nothing_is_refused(run: Run) -> None:
    """The failures above are thereby proved to have no other cause than the missing permissions."""
    assert WHOLE.name not in run.statuses
    assert WHOLE.receives in run.received[WHOLE.name]
    assert [line for line in run.stack.log if line.startswith(WHOLE.name) and " may not " in line] == []


def test_every_permission_of_the_template_has_its_case() -> None:
    """A new permission needs a case that fails without it."""
    resources = read("api.yaml")["Resources"]
    # Without the resources of optional features.
    resources = {name: each for name, each in resources.items() if "Condition" not in each}
    permissions = {name for name, each in resources.items() if each["Type"] == "AWS::Lambda::Permission"}
    actions = {
        (name.removesuffix("Role"), action)
        for name, each in resources.items()
        if each["Type"] == "AWS::IAM::Role"
        for policy in each["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in _list(statement.get("Action", []))
        if not action.startswith("logs:")
    }
    assert {f"{case.function}Permission" for case in CASES if not case.action} == permissions
    assert {(case.function, case.action) for case in CASES if case.action} == actions
