"""The stack's side of the process reaper: see reaper_program.py."""

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

_PROGRAM = Path(__file__).with_name("reaper_program.py")


class ProcessReaper:
    """Ensures that no process group outlives this process. The reaper starts with the first function."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the reaper unless it is running.

        Raises:
            OSError: No process could be started.

        """
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603  all arguments are our own
                [sys.executable, "-I", "-S", str(_PROGRAM)],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )

    async def stop(self) -> None:
        """End the reaper, which kills all groups that were not removed."""
        reaper, self._process = self._process, None
        if reaper is not None and reaper.stdin is not None:
            reaper.stdin.close()
            await asyncio.to_thread(reaper.wait)

    def add(self, group: int) -> None:
        """Register a process group."""
        self._send(f"+{group}\n")

    def remove(self, group: int) -> None:
        """Unregister a process group that has ended: its number may be reused."""
        self._send(f"-{group}\n")

    def _send(self, line: str) -> None:
        """Write one line. This never blocks: the reaper only reads."""
        if self._process is not None and self._process.stdin is not None:
            # The reaper may have been killed; the functions run without it.
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(line.encode())
