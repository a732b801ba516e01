"""Rules that run functions."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local_aws.config import ScheduleConfig
from local_aws.invoker import FunctionError, Invoker
from local_aws.schedules.rules import ScheduleRunner
from tests.local_aws.conftest import Deploy

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:f"
RULE = "arn:aws:events:eu-west-1:123456789012:rule/r"
CONFIG = ScheduleConfig(rule_arn=RULE, logical_id="Rule", expression="rate(8 minutes)", function_arn=FUNCTION)


class Recorder(Invoker):
    """Keeps what was invoked, and ends the test after some times."""

    def __init__(self, *, fails: bool = False) -> None:
        self.calls: list[tuple[str, object, str]] = []
        self.fails = fails

    async def invoke(self, *, function_arn: str, event: bytes, source_arn: str = "") -> bytes:
        self.calls.append((function_arn, json.loads(event), source_arn))
        if self.fails:
            raise FunctionError("KeyError", "x")
        return b"null"


async def run(
    config: ScheduleConfig, recorder: Recorder, *, times: int, log: Callable[[str], None] = print
) -> datetime:
    """Run a schedule for some times, as fast as it can; return the time that it is then."""
    now = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)

    async def sleep(seconds: float) -> None:
        nonlocal now
        if len(recorder.calls) >= times:
            await asyncio.Event().wait()
        now += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    running = asyncio.create_task(ScheduleRunner(config, invoker=recorder, log=log, now=lambda: now, sleep=sleep).run())
    async with asyncio.timeout(10):
        while len(recorder.calls) < times:  # noqa: ASYNC110 - the task counts them
            await asyncio.sleep(0)
    running.cancel()
    return now


async def test_function_receives_the_event_of_a_schedule() -> None:
    """At each of its times, with the rule as its source."""
    recorder = Recorder()
    await run(CONFIG, recorder, times=2)
    times = []
    for function, event, source in recorder.calls:
        assert isinstance(event, dict)
        times.append(event.pop("time"))
        assert (function, source, len(event.pop("id"))) == (FUNCTION, RULE, 36)
        assert event == {
            "version": "0",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "123456789012",
            "region": "eu-west-1",
            "resources": [RULE],
            "detail": {},
        }
    assert times == ["2026-11-27T09:08:00Z", "2026-11-27T09:16:00Z"]


async def test_input_takes_the_place_of_the_event() -> None:
    """As the target has it."""
    recorder = Recorder()
    await run(
        ScheduleConfig(
            rule_arn=RULE, logical_id="Rule", expression="rate(1 minute)", function_arn=FUNCTION, input='{"a":1}'
        ),
        recorder,
        times=1,
    )
    assert recorder.calls == [(FUNCTION, {"a": 1}, RULE)]


async def test_function_that_fails_is_logged_and_runs_again() -> None:
    """One failure does not end the schedule."""
    log: list[str] = []
    await run(CONFIG, Recorder(fails=True), times=3, log=log.append)
    assert log[0] == "The schedule Rule could not run its function: KeyError: x"


TEMPLATE = """
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: x, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: chat}
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {}}
  Function:
    Type: AWS::Lambda::Function
    Properties: {Code: src, Runtime: python3.12, Handler: a.b, Role: !GetAtt Role.Arn}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: %s
      State: %s
      Targets: [{Id: a, Arn: !GetAtt Function.Arn, Input: '{"a": 1}'}]
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Function
      Action: lambda:InvokeFunction
      Principal: events.amazonaws.com
      SourceArn: !GetAtt Rule.Arn
"""


@pytest.mark.parametrize("state", ["ENABLED", "DISABLED"])
async def test_rule_of_a_template_becomes_a_schedule(
    deployed: Deploy, written: Callable[[str], Path], state: str
) -> None:
    """One that is enabled."""
    deployment = await deployed(written(TEMPLATE % ("rate(5 minutes)", state)))
    (function,) = deployment.functions
    found = [(each.logical_id, each.expression, each.function_arn, each.input) for each in deployment.schedules]
    assert found == ([("Rule", "rate(5 minutes)", function.arn, '{"a": 1}')] if state == "ENABLED" else [])
    assert deployment.notices == ()
