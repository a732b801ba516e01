"""Each permission of the project's own template taken away in turn: something fails, and the log names what is missing.

All run in one stack, whose master template nests a copy of the API and its table for each case, with the functions that
the case needs. What functions may write to CloudWatch Logs is not seen here: no log leaves the machine.
"""

import asyncio
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import decode
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from chat_core import EVERYONE, LOBBY
from tests.support import dynamodb, feeds, sqs
from tests.support.local_stack import LocalStack, local_stack

REPOSITORY = Path(__file__).parents[2]
FUNCTIONS = ("Connect", "Disconnect", "SendMessage", "Default", "FanOut", "KeepAlive")
INTERNAL = "Internal server error"
UNAVAILABLE = "could not be reached"
MESSAGE = '{"action":"sendmessage","data":"live long"}'
COMMANDS = """{"id":1,"connect":{}}
{"id":2,"subscribe":{"channel":"lobby"}}
{"id":3,"publish":{"channel":"lobby","data":"live long"}}"""
TEMPORARY = '"code":100'
"""The error of the Centrifuge protocol for a fault of the service."""
PUBLISHED = '"publish":{}'
KEEP_ALIVE = '{"id":4294967295}'
TIMEOUT = 60
SCHEDULE_TIMEOUT = TIMEOUT + 60
"""A schedule can run once a minute at most."""

pytestmark = pytest.mark.timeout(300)


class Feed(Enum):
    """What is on the feed of the room before the client comes."""

    NOTHING = None
    HELD = 3600.0
    """An event that another delivers. Whoever comes can only wake a worker."""
    LEFT = 0.0
    """An event that another has left."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A missing permission, and its effect on a client."""

    function: str
    action: str = ""
    """The action that the role lacks; if empty, API Gateway or EventBridge lacks the permission to invoke it."""
    whole: bool = False
    """Whether nothing is missing."""
    refused: int = 0
    """The HTTP status of the failed handshake."""
    receives: str = ""
    """Part of a frame that the client receives; empty if it receives none."""
    feed: Feed = Feed.NOTHING

    @property
    def name(self) -> str:
        """The logical id of the copy."""
        what = "Whole" if self.whole else self.action or "Permission"
        return self.function + what.replace(":", "").replace("-", "")

    @property
    def is_scheduled(self) -> bool:
        """Whether the schedule invokes the function; in the other cases a frame does, which is sooner."""
        return self.function == "KeepAlive" and not self.action

    @property
    def timeout(self) -> int:
        """How many seconds it may take on a busy machine until the function has run."""
        return SCHEDULE_TIMEOUT if self.is_scheduled else TIMEOUT

    @property
    def room(self) -> str:
        """The room that the function delivers to."""
        return EVERYONE if self.function == "KeepAlive" else LOBBY

    @property
    def functions(self) -> Sequence[str]:
        """The functions of this copy of the API."""
        # Without `$disconnect` a client that has left stays in the lobby, until a post finds it gone.
        if self.whole:
            return FUNCTIONS
        return sorted({"Connect", self.function} | ({"Default"} if self.function == "KeepAlive" else set()))


DYNAMODB = ("UpdateItem", "PutItem", "Query", "BatchWriteItem", "DeleteItem")
CASES = [
    Case(function="Connect", refused=500),
    Case(function="Connect", action="dynamodb:PutItem", refused=503),
    Case(function="Connect", action="dynamodb:UpdateItem", refused=503),
    Case(function="Disconnect"),
    *(Case(function="Disconnect", action=f"dynamodb:{each}") for each in DYNAMODB),
    Case(function="Disconnect", action="execute-api:ManageConnections"),
    Case(function="Disconnect", action="sqs:SendMessage", feed=Feed.HELD),
    Case(function="SendMessage", receives=INTERNAL),
    Case(function="SendMessage", action="dynamodb:GetItem", receives=UNAVAILABLE),
    Case(function="SendMessage", action="dynamodb:UpdateItem", receives=UNAVAILABLE),
    Case(function="SendMessage", action="dynamodb:PutItem", receives=UNAVAILABLE),
    # The message is on the feed, and a worker has been woken for it.
    Case(function="SendMessage", action="dynamodb:Query"),
    Case(function="SendMessage", action="dynamodb:BatchWriteItem", receives="live long"),
    Case(function="SendMessage", action="dynamodb:DeleteItem", receives="live long"),
    Case(function="SendMessage", action="execute-api:ManageConnections"),
    Case(function="SendMessage", action="sqs:SendMessage", feed=Feed.HELD, receives='"code":"unavailable"'),
    Case(function="Default", receives=INTERNAL),
    Case(function="Default", action="dynamodb:GetItem", receives=TEMPORARY),
    Case(function="Default", action="dynamodb:UpdateItem", receives=TEMPORARY),
    Case(function="Default", action="dynamodb:PutItem", receives=TEMPORARY),
    Case(function="Default", action="dynamodb:Query", receives=PUBLISHED),
    Case(function="Default", action="dynamodb:BatchWriteItem", receives=PUBLISHED),
    Case(function="Default", action="dynamodb:DeleteItem", receives=PUBLISHED),
    Case(function="Default", action="execute-api:ManageConnections"),
    Case(function="Default", action="sqs:SendMessage", feed=Feed.HELD, receives=TEMPORARY),
    *(Case(function="FanOut", action=f"dynamodb:{each}", feed=Feed.LEFT) for each in DYNAMODB),
    Case(function="FanOut", action="execute-api:ManageConnections", feed=Feed.LEFT),
    *(
        Case(function="FanOut", action=f"sqs:{each}", feed=Feed.LEFT)
        for each in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility")
    ),
    Case(function="FanOut", action="sqs:SendMessage", feed=Feed.HELD),
    Case(function="KeepAlive"),
    *(Case(function="KeepAlive", action=f"dynamodb:{each}") for each in DYNAMODB),
    Case(function="KeepAlive", action="execute-api:ManageConnections"),
    Case(function="KeepAlive", action="sqs:SendMessage", feed=Feed.HELD),
]
WHOLE = [
    Case(function="SendMessage", whole=True, receives="live long"),
    Case(function="Default", whole=True, receives=PUBLISHED),
    Case(function="FanOut", whole=True, feed=Feed.LEFT),
    Case(function="KeepAlive", whole=True, receives=KEEP_ALIVE),
]


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
    if not (case.action or case.whole):
        del resources[f"{case.function}Permission"]
    elif not case.whole:
        statements = resources[f"{case.function}Role"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        (statement,) = [each for each in statements if case.action in _list(each.get("Action", ()))]
        kept = [each for each in _list(statement["Action"]) if each != case.action]
        statements.remove(statement)
        statements += [{**statement, "Action": kept}] if kept else []
    if case.is_scheduled:
        resources["KeepAliveRule"]["Properties"]["ScheduleExpression"] = "rate(1 minute)"
    elif case.function == "KeepAlive":
        invoked = json.dumps(resources["DefaultIntegration"]).replace("DefaultFunction", "KeepAliveFunction")
        resources["DefaultIntegration"] = json.loads(invoked)
        resources["DefaultPermission"]["Properties"]["FunctionName"] = {"Ref": "KeepAliveFunction"}
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
    for case in [*CASES, *WHOLE]:
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
    await asyncio.to_thread(prepare, run.stack, case)
    try:
        async with connect(url, open_timeout=TIMEOUT):
            pass
        if case.function == "FanOut":
            await asyncio.to_thread(wake, run.stack, case)
        if case.function in ("Disconnect", "FanOut"):
            await asyncio.to_thread(run.stack.wait_for_log, until(case), timeout=TIMEOUT)
            return
        rich = case.function in ("Default", "KeepAlive")
        async with connect(f"{url}?protocol=centrifuge" if rich else url, open_timeout=TIMEOUT) as client:
            await client.send(COMMANDS if rich else MESSAGE)
            if not case.receives:
                # The connection must stay open until the function has tried to answer.
                await asyncio.to_thread(run.stack.wait_for_log, until(case), timeout=case.timeout)
                return
            async with asyncio.timeout(case.timeout):
                while case.receives not in run.received.get(case.name, ""):
                    run.received[case.name] = run.received.get(case.name, "") + str(await client.recv())
    except InvalidStatus as exc:
        run.statuses[case.name] = exc.response.status_code


def until(case: Case) -> str:
    """Return the pattern of the line of the log that ends a case."""
    if case.whole:
        return f"^{case.name}/{case.function}Function .*broadcast"
    return f"^{case.name}/.* may not " if case.action else f" has no permission to invoke {case.name}/"


def prepare(stack: LocalStack, case: Case) -> None:
    """Put into the case's table what was there before: a client that has gone, one that has left, and a feed."""
    endpoint = stack.wait_for_log(r"AWS endpoint http://\S+").split()[-1]
    api = dynamodb.client(endpoint)
    (table,) = [each for each in tables(api) if f"-{case.name}Storage-" in each]
    member = {"pk": {"S": f"room#{case.room}"}, "format": {"S": "centrifuge"}, "expires_at": {"N": str(2**32)}}
    left = {"command": {"N": "1"}, "left": {"N": "1"}, "left_at": {"N": "1"}}
    api.put_item(TableName=table, Item=member | {"sk": {"S": "R0lkWfjLCYcCGLQ="}, "join_leave": {"BOOL": True}})
    api.put_item(TableName=table, Item=member | left | {"sk": {"S": "TGVmdAfjLCYcCGL="}})
    if case.feed.value is not None:
        feeds.leave_behind(endpoint, table, "before", room=case.room, lease=case.feed.value)


def tables(api: Any) -> list[str]:
    return [name for page in api.get_paginator("list_tables").paginate() for name in page["TableNames"]]


def wake(stack: LocalStack, case: Case) -> None:
    """Put a wake-up into the queue of the case's worker."""
    endpoint = stack.wait_for_log(r"AWS endpoint http://\S+").split()[-1]
    urls = sqs.client(endpoint).list_queues()["QueueUrls"]
    (url,) = [url for url in urls if f"-{case.name}Queue-" in url and "-FanOutQueue-" in url]
    feeds.wake(endpoint, url)


async def go_through_all(run: Run, urls: dict[str, str]) -> None:
    """Run all cases at the same time."""
    await asyncio.gather(*(go_through(run, case, urls[case.name]) for case in [*CASES, *WHOLE]))


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
        caller, service = ("EventBridge", "events") if case.is_scheduled else ("API Gateway", "execute-api")
        line = run.stack.wait_for_log(f"{caller} has no permission to invoke {function} for arn:aws:{service}:")
        properties = f"FunctionName: !Ref {case.function}Function, Action: lambda:InvokeFunction"
        assert f"; add {{Type: AWS::Lambda::Permission, Properties: {{{properties}" in line
    assert run.statuses.get(case.name, 0) == case.refused
    assert case.receives in run.received.get(case.name, "")


@pytest.mark.parametrize("case", WHOLE, ids=lambda case: case.name)
def test_with_all_of_them_nothing_is_refused(run: Run, case: Case) -> None:
    """The failures above are thereby proved to have no other cause than the missing permissions."""
    assert case.name not in run.statuses
    assert case.receives in run.received.get(case.name, "")
    assert [line for line in run.stack.log if line.startswith(case.name) and " may not " in line] == []


def test_every_permission_of_the_template_has_its_case() -> None:
    """A new permission needs a case that fails without it."""
    resources = read("api.yaml")["Resources"]
    # Without the resources of features that are off by default.
    resources = {name: each for name, each in resources.items() if each.get("Condition", "KeepsAlive") == "KeepsAlive"}
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
