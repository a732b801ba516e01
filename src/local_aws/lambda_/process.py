"""One operating-system process that runs a function's code."""

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local_aws.lambda_.output import Output
from local_aws.lambda_.reaper import ProcessReaper

_KILL_SECONDS = 1.0
"""How long a killed process may take to be gone. One that hangs in the kernel is left to the reaper."""


class FunctionProcess:
    """A process that leads a session of its own.

    Ctrl-C in the terminal thus reaches the stack alone, which ends its functions in order; and a signal to the
    process group reaches what the function itself has started.
    """

    def __init__(self, process: asyncio.subprocess.Process, output: Output, reaper: ProcessReaper) -> None:
        self.ended = asyncio.ensure_future(process.wait())
        """Holds the exit code; negative is the number of the signal."""
        self._pid = process.pid
        self._output = output
        self._reaper = reaper
        reaper.add(process.pid)

    @classmethod
    async def start(
        cls,
        *,
        command: Sequence[str],
        variables: Mapping[str, str],
        folder: Path,
        on_line: Callable[[str], None],
        reaper: ProcessReaper,
    ) -> "FunctionProcess":
        """Start `command` in `folder` with nothing but `variables`; each line it writes goes to `on_line`.

        Raises:
            OSError: The folder or the program is not there, or the system has no room for a process.

        """
        reaper.start()
        output = Output(on_line)
        try:
            with output as write_end:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    cwd=folder,
                    env=variables,
                    stdin=DEVNULL,
                    stdout=write_end,
                    stderr=write_end,
                    start_new_session=True,
                )
        except BaseException:
            output.close()
            raise
        return cls(process, output, reaper)

    def drain(self) -> None:
        """Hand over what the process has written up to now."""
        self._output.drain()

    def peak_memory_mb(self) -> int | None:
        """Return the most memory that the process has held, in MiB; None where /proc does not tell."""
        try:
            status = Path(f"/proc/{self._pid}/status").read_text(encoding="ascii", errors="replace")
        except OSError:
            return None
        peak = next((line for line in status.splitlines() if line.startswith("VmHWM:")), None)
        return round(int(peak.split()[1]) / 1024) if peak else None

    async def end(self, *, grace_seconds: float) -> None:
        """End the process and all that it started: ask, wait for `grace_seconds`, kill."""
        if grace_seconds and not self.ended.done():
            self._signal(signal.SIGTERM)
            await asyncio.wait({self.ended}, timeout=grace_seconds)
        self._signal(signal.SIGKILL)
        await asyncio.wait({self.ended}, timeout=_KILL_SECONDS)
        if self.ended.done():
            self._reaper.remove(self._pid)
        self._output.close()

    def _signal(self, number: signal.Signals) -> None:
        # The leader being gone, its group may still have members. An empty one is refused, by macOS with EPERM.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, number)
