"""The stack's end of its watchdog."""

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

_WATCHDOG = Path(__file__).with_name("watchdog.py")


class Guard:
    """Sees to it that no process group outlives this process. Starts when it is first needed."""

    def __init__(self) -> None:
        self._watchdog: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the watchdog, unless it runs.

        Raises:
            OSError: No process could be started.

        """
        if self._watchdog is None:
            self._watchdog = subprocess.Popen(  # noqa: S603  Nothing in it comes from anywhere else.
                [sys.executable, "-I", "-S", str(_WATCHDOG)],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )

    async def stop(self) -> None:
        """Let the watchdog end, which kills what has not been removed."""
        watchdog, self._watchdog = self._watchdog, None
        if watchdog is not None and watchdog.stdin is not None:
            watchdog.stdin.close()
            await asyncio.to_thread(watchdog.wait)

    def add(self, group: int) -> None:
        """Guard a process group."""
        self._tell(f"+{group}\n")

    def remove(self, group: int) -> None:
        """Forget a process group: it is gone, and its number may soon be another's."""
        self._tell(f"-{group}\n")

    def _tell(self, line: str) -> None:
        """Write one line, which never blocks: the watchdog does nothing but read."""
        if self._watchdog is not None and self._watchdog.stdin is not None:
            # Somebody may have ended the watchdog; the functions run as well without it.
            with contextlib.suppress(BrokenPipeError):
                self._watchdog.stdin.write(line.encode())
