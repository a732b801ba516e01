"""The functions of a stack."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from local_aws.authorization import InvokePermissionChecker
from local_aws.config import FunctionConfig, unqualified
from local_aws.invoker import InvocationRefused, Invoker
from local_aws.lambda_.environment import Setting
from local_aws.lambda_.function import Function
from local_aws.lambda_.reaper import ProcessReaper
from local_aws.lambda_.variables import Debugger, RuntimeClient


class Functions(Invoker):
    """Runs functions in processes on this machine, which start when there are events. The creator calls `stop`."""

    def __init__(
        self,
        *,
        configs: Sequence[FunctionConfig],
        extra_variables: Mapping[str, Mapping[str, str]],
        log: Callable[[str], None],
        concurrency_limit: int = 10,
        client: RuntimeClient | None = None,
        permits: InvokePermissionChecker | None = None,
        debuggers: Mapping[str, Debugger] | None = None,
    ) -> None:
        """Prepare the functions of a stack; no process starts yet.

        Args:
            configs: The functions.
            extra_variables: Environment variables besides those of the template, by the function's ARN: endpoints and
                credentials.
            log: Called with one line at a time, without a line end; each begins with the logical id of a function.
            concurrency_limit: The maximum number of environments of one function.
            client: What calls the Runtime API in the processes; by default AWS's native module if it is installed.
            permits: Decides which services may invoke which functions; all may if it is None.
            debuggers: By the ARN of the function; a function with a debugger has one environment and no timeout.

        """
        self._permits = permits
        self._reaper = ProcessReaper()
        self._home = Path(tempfile.mkdtemp(prefix="lambda-home-"))
        self._client = client or RuntimeClient.installed()
        self._functions: dict[str, Function] = {}
        for config in configs:
            debugger = (debuggers or {}).get(config.arn)
            setting = self._setting(config, extra_variables.get(config.arn, {}), log, debugger)
            self._functions[config.arn] = Function(setting, limit=1 if debugger else concurrency_limit)

    async def invoke(self, *, function_arn: str, event: bytes, source_arn: str = "") -> bytes:
        """Run a function once; aliases and versions in `function_arn` all run the same code here."""
        if source_arn and self._permits is not None:
            refusal = self._permits.denial_reason(function_arn=function_arn, source_arn=source_arn)
            if refusal is not None:
                raise InvocationRefused(refusal)
        function = self._functions.get(unqualified(function_arn))
        if function is None:
            raise InvocationRefused(f"Function not found: {function_arn}")
        return await function.invoke(function_arn=function_arn, event=event)

    async def warm(self) -> None:
        """Start one environment of each function, at most one per core at the same time."""
        cores = asyncio.Semaphore(max(1, os.cpu_count() or 1))

        async def warm(function: Function) -> None:
            async with cores:
                await function.warm()

        await asyncio.gather(*(warm(function) for function in self._functions.values()))

    def replace_environments(self, *, below: Collection[Path] | None = None) -> None:
        """Make all later events run in new environments, which load the code again.

        Args:
            below: The code folders of the affected functions; None for all functions.

        """
        for function in self._functions.values():
            if below is None or function.code in below:
                function.replace_environments()

    async def stop(self) -> None:
        """End every process within two seconds and delete temporary files. Can be called again."""
        await asyncio.gather(*(function.stop() for function in self._functions.values()))
        await self._reaper.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def _setting(
        self,
        config: FunctionConfig,
        extra: Mapping[str, str],
        log: Callable[[str], None],
        debugger: Debugger | None,
    ) -> Setting:
        def prefixed(line: str) -> None:
            log(f"{config.logical_id} | {line}")

        return Setting(
            config=config,
            extra_variables=extra,
            client=self._client,
            debugger=debugger,
            home=self._home,
            reaper=self._reaper,
            log=prefixed,
        )
