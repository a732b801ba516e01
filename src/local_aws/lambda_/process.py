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
"""How long a killed process may take to end. The reaper ends one that hangs in the kernel."""


class FunctionProcess:
    """A process that leads a session of its own.

    Ctrl-C in the terminal therefore reaches only the stack, which ends its functions in order. A signal to the process
    group also reaches the processes that the function started.
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
        """Start `command` in `folder` with exactly these `variables`; call `on_line` with each line of its output.

        Raises:
            OSError: The folder or the program does not exist, or the system cannot start another process.

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
        """Deliver everything that the process has written so far."""
        self._output.drain()

    def peak_memory_mb(self) -> int | None:
        """Return the peak memory of the process in MiB; None if there is no /proc."""
        try:
            status = Path(f"/proc/{self._pid}/status").read_text(encoding="ascii", errors="replace")
        except OSError:
            return None
        peak = next((line for line in status.splitlines() if line.startswith("VmHWM:")), None)
        return round(int(peak.split()[1]) / 1024) if peak else None

    async def end(self, *, grace_seconds: float) -> None:
        """End the process and its children: SIGTERM, then SIGKILL after `grace_seconds`."""
        if grace_seconds and not self.ended.done():
            self._signal(signal.SIGTERM)
            await asyncio.wait({self.ended}, timeout=grace_seconds)
        self._signal(signal.SIGKILL)
        await asyncio.wait({self.ended}, timeout=_KILL_SECONDS)
        if self.ended.done():
            self._reaper.remove(self._pid)
        self._output.close()

    def _signal(self, number: signal.Signals) -> None:
        # The group may have members after its leader has ended. An empty group is an error, on macOS EPERM.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, number)
