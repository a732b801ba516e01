"""The stack's end of its reaper."""

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

_PROGRAM = Path(__file__).with_name("reaper_program.py")


class ProcessReaper:
    """Sees to it that no process group outlives this process. Starts when it is first needed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the reaper, unless it runs.

        Raises:
            OSError: No process could be started.

        """
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603  Nothing in it comes from anywhere else.
                [sys.executable, "-I", "-S", str(_PROGRAM)],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )

    async def stop(self) -> None:
        """Let the reaper end, which kills what has not been removed."""
        reaper, self._process = self._process, None
        if reaper is not None and reaper.stdin is not None:
            reaper.stdin.close()
            await asyncio.to_thread(reaper.wait)

    def add(self, group: int) -> None:
        """ProcessReaper a process group."""
        self._tell(f"+{group}\n")

    def remove(self, group: int) -> None:
        """Forget a process group: it is gone, and its number may soon be another's."""
        self._tell(f"-{group}\n")

    def _tell(self, line: str) -> None:
        """Write one line, which never blocks: the reaper does nothing but read."""
        if self._process is not None and self._process.stdin is not None:
            # Somebody may have ended the reaper; the functions run as well without it.
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(line.encode())
