"""The output of a process, line by line."""

import asyncio
import os
import re
from collections.abc import Callable
from types import TracebackType

_PIECE = 64 * 1024
_DRAINED_PIECES = 16
"""One MiB: a pipe holds no more unless the process enlarges it, and a thread that never stops writing must not delay
the response."""
_MAX_LINE = 1024 * 1024
"""Bytes. CloudWatch Logs accepts no longer events; without a limit, output without line ends would fill the memory."""
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")
"""AWS's client separates the lines of one log event, such as a traceback, with carriage returns."""


class Output:
    """A pipe; `on_line` is called with each line as it arrives.

    Standard output and standard error share it, which preserves their order. The event loop's reader reads it instead
    of a stream, because `drain` must deliver everything written so far.
    """

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._unfinished = b""
        self._read_end, self.write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._read_end, self._read)
        self._open = True

    def __enter__(self) -> int:
        """Return the writing end, which stays open until the process has started."""
        return self.write_end

    def __exit__(
        self, _kind: type[BaseException] | None, _exc: BaseException | None, _tb: TracebackType | None
    ) -> None:
        os.close(self.write_end)

    def drain(self) -> None:
        """Deliver everything written so far, with an unfinished line."""
        for _ in range(_DRAINED_PIECES if self._open else 0):
            if not self._read():
                break
        self._flush()

    def close(self) -> None:
        """Deliver the rest and stop reading."""
        if self._open:
            self.drain()
            self._open = False
            self._loop.remove_reader(self._read_end)
            os.close(self._read_end)

    def _read(self) -> bool:
        """Read once; return whether there was data."""
        try:
            data = os.read(self._read_end, _PIECE)
        except BlockingIOError:
            return False
        if not data:
            # All writers have closed it; the reader would now be called endlessly.
            self._loop.remove_reader(self._read_end)
            return False
        *lines, self._unfinished = _LINE_ENDS.split(self._unfinished + data)
        for line in lines:
            # Metrics in CloudWatch's embedded metric format are not shown as log lines.
            if not line.startswith(b'{"_aws":'):
                self._on_line(line.decode("utf-8", "replace"))
        if len(self._unfinished) > _MAX_LINE:
            self._flush()
        return True

    def _flush(self) -> None:
        line, self._unfinished = self._unfinished, b""
        if line:
            self._on_line(line.decode("utf-8", "replace"))
