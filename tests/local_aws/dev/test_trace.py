"""The content and the format of the trace."""

import asyncio
import io
import json
import re

import pytest

from local_aws.dev.trace import Trace, takes_colours
from local_aws.http_server import Request, Response
from local_aws.invoker import FunctionError, InvocationRefused, Invoker

EVENT = json.dumps({"requestContext": {"routeKey": "go", "connectionId": "AbC="}, "body": "hi"}).encode()


class Answering(Invoker):
    """Returns bytes, or raises."""

    def __init__(self, outcome: bytes | Exception) -> None:
        self.outcome = outcome

    async def invoke(self, *, function_arn: str, event: bytes, source_arn: str = "") -> bytes:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


async def traced(outcome: bytes | Exception, *, event: bytes = EVENT, coloured: bool = False) -> list[str]:
    """Invoke a function once; return the trace, with times replaced."""
    blocks: list[str] = []
    invoker = Trace(blocks.append, coloured=coloured).invoker(Answering(outcome), [])
    [result] = await asyncio.gather(invoker.invoke(function_arn="Function", event=event), return_exceptions=True)
    assert result == outcome
    return [re.sub(r"^\d\d:\d\d:\d\d\.\d{3}", "TIME", re.sub(r"\d+ ms", "N ms", block)) for block in blocks]


async def test_event_and_answer_are_shown_with_all_that_places_them() -> None:
    """The number relates them if others come in between."""
    event, answer = await traced(b'{"statusCode":200}')
    heading, document = event.split("\n")
    assert heading == "TIME -> #1 Function, route go, connection AbC="
    assert document == '  {"requestContext": {"routeKey": "go", "connectionId": "AbC="}, "body": "hi"}'
    assert answer == 'TIME <- #1 Function, route go, connection AbC=, N ms\n  {"statusCode": 200}'


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (FunctionError("KeyError", "'x'"), "failed with KeyError"),
        (InvocationRefused("the local stack is stopping"), "refused: the local stack is stopping"),
    ],
)
async def test_failure_is_shown_and_passed_on(outcome: Exception, said: str) -> None:
    """The log has its message."""
    assert (await traced(outcome))[1] == f"TIME <- #1 Function, route go, connection AbC=, N ms: {said}"


@pytest.mark.parametrize("event", [b"{}", b"[]", b"no JSON", b'{"requestContext": {"routeKey": "go"}}'])
async def test_event_of_another_source_is_shown_without_a_route(event: bytes) -> None:
    """Every outcome ends the block of its event."""
    assert (await traced(b"1", event=event))[0].startswith("TIME -> #1 Function\n")


async def test_only_the_heading_has_colours() -> None:
    """The document can be copied out of the terminal either way."""
    event, _ = await traced(b"1", coloured=True)
    heading, document = event.split("\n")
    assert heading == "TIME \x1b[36m-> #1 Function, route go, connection AbC=\x1b[0m"
    assert "\x1b" not in document


def test_call_of_the_management_api_is_one_line() -> None:
    """The line has the connection id as the program passed it, decoded."""
    blocks: list[str] = []
    request = Request(
        method="POST", target="/dev/%40connections/AbC%3D", headers=(), body=b"12345", peer=("127.0.0.1", 1)
    )
    Trace(blocks.append).management(request, Response(status=410))
    assert blocks[0].partition(" ")[2] == "@connections POST AbC= 5 bytes: 410"


@pytest.mark.parametrize(
    ("terminal", "variables", "coloured"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": ""}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {}, False),
    ],
)
def test_colours_are_for_terminals(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, variables: dict[str, str], coloured: bool
) -> None:
    """`NO_COLOR`, if it is set and not empty, turns them off (no-color.org)."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    assert takes_colours(stream) is coloured
