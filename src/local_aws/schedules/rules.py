"""Invokes functions at the times of a rule, as EventBridge does.

Source: Amazon EventBridge user guide, "Creating a rule that runs on a schedule"; Lambda developer guide, "Process
events on a schedule" (the event). An invocation is asynchronous: one that takes long delays no other.
"""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from local_aws.config import ScheduleConfig
from local_aws.invoker import InvocationError, Invoker
from local_aws.schedules.expressions import Expression, parse

Sleep = Callable[[float], Awaitable[object]]


class ScheduleRunner:
    """Runs one target of one rule, until it is cancelled."""

    def __init__(
        self,
        config: ScheduleConfig,
        *,
        invoker: Invoker,
        log: Callable[[str], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Take the rule, whose expression is one that `parse` takes."""
        self._config = config
        self._expression: Expression = parse(config.expression)
        self._invoker = invoker
        self._log = log
        self._now = now
        self._sleep = sleep
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Invoke the function at each time until cancelled."""
        at = self._expression.following(self._now())
        try:
            while at is not None:
                await self._sleep(max(0.0, (at - self._now()).total_seconds()))
                task = asyncio.create_task(self._invoke(at))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
                at = self._expression.following(at)
            await asyncio.gather(*self._running)
        finally:
            for task in self._running:
                task.cancel()

    async def _invoke(self, at: datetime) -> None:
        event = self._config.input or json.dumps(_event(self._config, at))
        try:
            await self._invoker.invoke(
                function_arn=self._config.function_arn, event=event.encode(), source_arn=self._config.rule_arn
            )
        except InvocationError as exc:
            self._log(f"The schedule {self._config.logical_id} could not run its function: {exc}")


def _event(config: ScheduleConfig, at: datetime) -> dict[str, object]:
    _, _, _, region, account, _ = config.rule_arn.split(":", 5)
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": account,
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [config.rule_arn],
        "detail": {},
    }
