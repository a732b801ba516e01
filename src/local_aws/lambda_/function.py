"""One function: its queue of events and the environments that run them."""

import asyncio
import logging
import os
import signal
from collections import deque
from pathlib import Path
from typing import Any

from local_aws.invoker import InvocationRefused
from local_aws.lambda_.environment import Environment, InitFailed, Setting
from local_aws.lambda_.invocation import Failure, Invocation

_LOGGER = logging.getLogger(__name__)

MAX_STARTING = max(1, os.cpu_count() or 1)
"""Environments of one function that initialize at the same time. Starting an interpreter occupies a core: existing
environments serve a burst sooner than hundreds of starts that slow each other down."""


class Function:
    """Events wait in order; the most recently used environment runs the next one.

    A new environment starts if more events wait than environments are about to be ready, up to `limit` of them. If one
    fails to start and no other can serve the waiting events, they fail as well: a function that cannot start returns
    its error instead of being started again and again.
    """

    def __init__(self, setting: Setting, *, limit: int) -> None:
        self._setting = setting
        self._limit = limit
        self._waiting: deque[Invocation] = deque()
        self._lives: dict[Environment, asyncio.Task[None]] = {}
        self._starting: set[Environment] = set()
        self._returning: set[Environment] = set()
        """Their event is finished, and they are about to poll."""
        self._idle: dict[Environment, asyncio.Future[Invocation | None]] = {}
        self._ending: set[Environment] = set()
        self._unanswered: set[asyncio.Future[bytes]] = set()
        self._stopped = False

    @property
    def code(self) -> Path:
        """The folder of the code."""
        return self._setting.config.code

    async def invoke(self, *, function_arn: str, event: bytes) -> bytes:
        """Run the function once; see `Invoker.invoke`."""
        if self._stopped:
            raise InvocationRefused("the local stack is stopping")
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._unanswered.add(answer)
        answer.add_done_callback(self._unanswered.discard)
        self._waiting.append(Invocation(function_arn=function_arn, event=event, answer=answer))
        self._dispatch()
        return await asyncio.shield(answer)

    async def warm(self) -> None:
        """Start an environment unless one exists that is not about to be replaced; wait for its initialization."""
        while not self._stopped and all(each.retired for each in self._lives):
            if len(self._lives) < self._limit:
                environment = self._launch()
                either = {environment.initialized, self._lives[environment]}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                return
            await asyncio.wait(set(self._lives.values()), return_when=asyncio.FIRST_COMPLETED)

    def replace_environments(self) -> None:
        """Retire all present environments: running events finish, and later events run in new environments."""
        for environment in self._lives:
            environment.retired = True
        for idle in self._idle.values():
            if not idle.done():
                idle.set_result(None)
        self._idle.clear()

    async def stop(self) -> None:
        """Fail waiting events; end every environment, with the event that it runs."""
        self._stopped = True
        self._waiting.clear()
        for environment, life in self._lives.items():
            if environment not in self._ending:
                life.cancel()
        await asyncio.gather(*self._lives.values(), return_exceptions=True)
        for answer in tuple(self._unanswered):
            answer.set_exception(InvocationRefused("the local stack is stopping"))

    def _dispatch(self) -> None:
        while self._waiting and self._idle:
            _, idle = self._idle.popitem()
            if not idle.done():
                idle.set_result(self._waiting.popleft())
        while len(self._waiting) > len(self._starting) + len(self._returning) and self._may_launch:
            self._launch()

    @property
    def _may_launch(self) -> bool:
        return not self._stopped and len(self._starting) < MAX_STARTING and len(self._lives) < self._limit

    def _launch(self) -> Environment:
        environment = Environment(self._setting)
        self._starting.add(environment)
        self._lives[environment] = asyncio.create_task(self._live(environment))
        return environment

    async def _live(self, environment: Environment) -> None:
        """Run one environment from start to end."""
        try:
            await self._start(environment)
            while not environment.retired and (invocation := await self._next(environment)):
                await self._run(environment, invocation)
                if not await self._return(environment):
                    break
        except InitFailed as exc:
            self._give_up(environment, exc.failure)
        except Exception:
            _LOGGER.exception("execution environment of %s", self._setting.config.logical_id)
        finally:
            self._ending.add(environment)
            try:
                await environment.end()
            finally:
                self._ending.discard(environment)
                del self._lives[environment]
                self._dispatch()

    async def _start(self, environment: Environment) -> None:
        try:
            await environment.start()
        except InitFailed:
            raise
        except Exception as exc:
            # An error of the emulator must not be retried forever either.
            _LOGGER.exception("start of %s", self._setting.config.logical_id)
            raise InitFailed(Failure(error_type="Runtime.Unknown", message=repr(exc))) from exc
        finally:
            self._starting.discard(environment)

    async def _next(self, environment: Environment) -> Invocation | None:
        """Return the next event for the environment; None if it is to end or has ended."""
        if self._waiting:
            invocation = self._waiting.popleft()
            self._dispatch()
            return invocation
        idle: asyncio.Future[Invocation | None] = asyncio.get_running_loop().create_future()
        self._idle[environment] = idle
        either: set[asyncio.Future[Any]] = {idle, environment.ended}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._idle.pop(environment, None)
        return idle.result() if idle.done() else None

    async def _return(self, environment: Environment) -> bool:
        self._returning.add(environment)
        try:
            return await environment.ready()
        finally:
            self._returning.discard(environment)

    async def _run(self, environment: Environment, invocation: Invocation) -> None:
        try:
            await environment.run(invocation)
        finally:
            # Has an effect only if the run was cancelled or the emulator failed.
            invocation.settle(Failure.from_exit(-signal.SIGTERM))

    def _give_up(self, environment: Environment, failure: Failure) -> None:
        """Fail the events that no environment can serve after a failed start."""
        if environment.retired:
            # The failed code has been replaced: the events run the new code.
            return
        served = len(self._lives) - len(self._starting) > 1
        for _ in range(min(1, len(self._waiting)) if served else len(self._waiting)):
            self._waiting.popleft().settle(failure)
