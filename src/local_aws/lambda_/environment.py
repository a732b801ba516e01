"""One execution environment: a process, and the Runtime API that it polls for events."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_aws.config import FunctionConfig
from local_aws.lambda_ import report
from local_aws.lambda_.invocation import TIMED_OUT, Failure, Invocation, Outcome
from local_aws.lambda_.process import FunctionProcess
from local_aws.lambda_.reaper import ProcessReaper
from local_aws.lambda_.runtime_api import Polled, RuntimeApi, Step
from local_aws.lambda_.variables import Debugger, RuntimeClient, command, variables

INIT_SECONDS = 10.0
"""How long Lambda lets an environment initialize before its first event counts against the function's timeout."""
_GRACE_SECONDS = 0.5
_SETTLE_SECONDS = 5.0
"""How long a runtime client may take from its response to its next poll."""
_DEBUGGED_SECONDS = 24 * 60 * 60
"""The remaining time that a function with a debugger sees."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The data that all environments of a function share."""

    config: FunctionConfig
    extra_variables: Mapping[str, str]
    """Environment variables besides those of the template."""
    client: RuntimeClient
    home: Path
    reaper: ProcessReaper
    log: Callable[[str], None]
    """Called with one line, without a line end."""
    debugger: Debugger | None = None
    """If there is one, no timeout applies: the function may stop at a breakpoint."""


class InitFailed(Exception):
    """The environment failed to initialize."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Environment:
    """Runs one event at a time: `start`, then `run` and `ready` alternately, finally `end`."""

    def __init__(self, setting: Setting) -> None:
        self.retired = False
        """Set by the owner: end the environment instead of giving it another event."""
        self.initialized: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when `start` is, whether it succeeded or not."""
        self._setting = setting
        self._config = setting.config
        self._api = RuntimeApi(secret=secrets.token_urlsafe() if setting.client.takes_path else "")
        self._process: FunctionProcess | None = None
        self._init_ms: float | None = None
        self._current: Invocation | None = None
        self._logged = False
        """True once the log has the failure of the current event together with its source."""

    @property
    def ended(self) -> asyncio.Future[int]:
        """Done when the process has ended."""
        return self._started_process.ended

    async def start(self) -> None:
        """Start the process and let it initialize.

        Lambda allows ten seconds, then repeats the initialization within the timeout of the waiting event. Here it runs
        once, for at most the longer of the two, and the event's timeout starts after it.

        Raises:
            InitFailed: The process did not reach its first poll.

        """
        began = time.monotonic()
        try:
            failure = await self._initialize()
        finally:
            self.initialized.set_result(None)
        self._init_ms = (time.monotonic() - began) * 1000
        if failure is not None:
            self._drain()
            self._setting.log(report.init_report_line(self._init_ms, failure))
            raise InitFailed(failure)

    async def run(self, invocation: Invocation) -> None:
        """Run an event: pass it to the process, write Lambda's log lines, and set its outcome."""
        self._current, self._logged = invocation, False
        self._setting.log(report.start_line(invocation.request_id))
        began = time.monotonic()
        seconds = self._config.timeout_seconds
        deadline = time.time() + (_DEBUGGED_SECONDS if self._setting.debugger else seconds)
        self._api.give(invocation, deadline_ms=int(deadline * 1000))
        outcome = await self._outcome(seconds)
        duration_ms = (time.monotonic() - began) * 1000
        peak_memory_mb = self._started_process.peak_memory_mb()
        if isinstance(outcome, Failure) and outcome.error_type == TIMED_OUT:
            await self._started_process.end(grace_seconds=0)
        self._drain()
        self._report(invocation, outcome, duration_ms, peak_memory_mb)
        self._current = None
        invocation.settle(outcome, logged=self._logged)

    async def ready(self) -> bool:
        """Wait until the environment can run another event; return False if it cannot."""
        return await self._step(_SETTLE_SECONDS) is Polled.POLLED

    async def end(self) -> None:
        """End the process in any state, and close the Runtime API."""
        try:
            if self._process is not None:
                await self._process.end(grace_seconds=_GRACE_SECONDS)
        finally:
            await self._api.close()

    @property
    def _started_process(self) -> FunctionProcess:
        if self._process is None:
            raise RuntimeError("the environment has not been started")
        return self._process

    async def _initialize(self) -> Failure | None:
        try:
            await self._start_process()
        except OSError as exc:
            return Failure(error_type="Runtime.InvalidEntrypoint", message=str(exc))
        step = await self._step(max(INIT_SECONDS, self._config.timeout_seconds))
        return step if isinstance(step, Failure) else None

    async def _start_process(self) -> None:
        setting = self._setting
        runtime_api = await self._api.open()
        self._process = await FunctionProcess.start(
            command=command(self._config, setting.client, setting.debugger),
            variables=variables(
                self._config,
                extra=setting.extra_variables,
                runtime_api=runtime_api,
                home=setting.home,
            ),
            folder=self._config.code,
            on_line=self._line,
            reaper=setting.reaper,
        )

    def _line(self, line: str) -> None:
        """Log a line that the process wrote; add the source of the event if the line reports an exception."""
        is_error = self._current is not None and line.startswith(report.ERROR_MARK)
        self._setting.log(self._with_source(line) if is_error else line)

    def _with_source(self, line: str) -> str:
        source = self._current.source if self._current else ""
        self._logged = self._logged or bool(source)
        return report.with_source(line, source)

    async def _outcome(self, seconds: float) -> Outcome:
        step = await self._step(seconds)
        if isinstance(step, Polled):
            raise TypeError("the Runtime API accepted a poll while an event was running")
        return step

    async def _step(self, seconds: float) -> Step:
        """Wait for the next step of the environment. The end of the process and a timeout are failures."""
        steps, ended = self._api.steps, self.ended
        step = asyncio.ensure_future(steps.get())
        either: set[asyncio.Future[Any]] = {step, ended}
        try:
            timeout = None if self._setting.debugger else seconds
            await asyncio.wait(either, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if step.done():
                return step.result()
        finally:
            step.cancel()
        return Failure.from_exit(ended.result()) if ended.done() else Failure.from_timeout(seconds)

    def _drain(self) -> None:
        if self._process is not None:
            self._process.drain()

    def _report(self, invocation: Invocation, outcome: Outcome, duration_ms: float, peak_memory_mb: int | None) -> None:
        init_ms, self._init_ms = self._init_ms, None
        failure = outcome if isinstance(outcome, Failure) else None
        line = report.Report(
            request_id=invocation.request_id,
            duration_ms=duration_ms,
            memory_mb=self._config.memory_mb,
            peak_memory_mb=peak_memory_mb,
            init_ms=init_ms,
            failure=failure,
        )
        reasons = report.failure_lines(invocation.request_id, failure) if failure else []
        for text in (*map(self._with_source, reasons[:1]), *reasons[1:]):
            self._setting.log(text)
        for text in (report.end_line(invocation.request_id), report.report_line(line)):
            self._setting.log(text)
