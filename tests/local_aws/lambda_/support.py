"""A stack of functions that a test defines."""

import asyncio
import fcntl
import json
import os
import textwrap
import time
from pathlib import Path
from typing import Any

from local_aws.config import FunctionConfig
from local_aws.lambda_ import Functions
from local_aws.lambda_.variables import RuntimeClient

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:"

SIGN_OF_LIFE = """
import fcntl, os
_alive = open(os.path.join(os.environ["ALIVE"], str(os.getpid())), "w")
fcntl.flock(_alive, fcntl.LOCK_EX)
"""
"""Code that holds a lock for as long as its process lives. An orphan's process id says less: where nobody reaps it, a
dead process keeps its own."""


class Stack:
    """Functions in files of their own under a folder; starts when the first one is invoked."""

    def __init__(self, folder: Path, client: RuntimeClient) -> None:
        self.folder = folder
        self.client = client
        self.lines: list[str] = []
        self.limit = 10
        self.extra: dict[str, str] = {}
        self._configs: list[FunctionConfig] = []
        self._functions: Functions | None = None
        self.alive = folder / "alive"
        self.alive.mkdir()

    def add(self, source: str, *, name: str = "function", **config: Any) -> None:
        """Write a function whose handler is called `handler`."""
        code = self.folder / name
        code.mkdir()
        (code / "app.py").write_text(textwrap.dedent(source), encoding="utf-8")
        defaults: dict[str, Any] = {"handler": "app.handler", "runtime": "python3.11", "timeout_seconds": 30}
        environment = {"ALIVE": str(self.alive), **config.pop("environment", {})}
        self._configs.append(
            FunctionConfig(
                name=name,
                arn=ARN + name,
                logical_id=name.title(),
                code=code,
                environment=environment,
                **(defaults | config),
            )
        )

    @property
    def functions(self) -> Functions:
        """The functions that were added, as the stack runs them."""
        if self._functions is None:
            self._functions = Functions(
                configs=self._configs,
                extra_variables={each.arn: self.extra for each in self._configs},
                log=self.lines.append,
                concurrency_limit=self.limit,
                client=self.client,
            )
        return self._functions

    async def invoke(self, event: object = None, *, name: str = "function") -> Any:
        """Run a function with a JSON event; return its answer, decoded."""
        answer = await self.functions.invoke(function_arn=ARN + name, event=json.dumps(event).encode())
        return json.loads(answer)

    async def stop(self) -> None:
        """Stop all processes."""
        if self._functions is not None:
            await self._functions.stop()


async def all_dead(folder: Path) -> bool:
    """Wait until every process that left a sign of life in `folder` is gone; return False after ten seconds."""
    deadline = time.monotonic() + 10
    while any(_is_alive(folder / name) for name in os.listdir(folder)):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True


def _is_alive(sign: Path) -> bool:
    with sign.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


async def reaped(pid: int) -> None:
    """Wait until this process has learned of the end of its child, a moment after the child's locks are free."""
    async with asyncio.timeout(20):
        while True:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                break
            await asyncio.sleep(0.01)
    # The thread that waits for it passes this on to the loop.
    await asyncio.sleep(0.05)


async def exists(path: Path, *, count: int = 1) -> None:
    """Wait until a file exists, or a folder has `count` entries."""
    async with asyncio.timeout(20):
        while not _there(path, count):  # noqa: ASYNC110  Another process makes it.
            await asyncio.sleep(0.01)


def _there(path: Path, count: int) -> bool:
    return len(list(path.iterdir())) >= count if path.is_dir() else path.exists()
