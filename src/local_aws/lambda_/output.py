"""What a process writes, line by line."""

import asyncio
import os
import re
from collections.abc import Callable
from types import TracebackType

_PIECE = 64 * 1024
_DRAINED_PIECES = 16
"""One mebibyte: no pipe that a process did not enlarge holds more, and a thread that never stops writing must not keep
the answer waiting."""
_MAX_LINE = 1024 * 1024
"""Bytes. CloudWatch Logs takes no longer events; without a limit, output without line ends would fill the memory."""
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")
"""AWS's client separates the lines of one log event, such as a traceback, with carriage returns."""


class Output:
    """A pipe whose lines go to `on_line` as they come.

    Standard output and standard error share it, which keeps their order. It is read by the event loop's own reader
    rather than by a stream, because it must be possible to say: everything written up to now.
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
        """Lend the writing end for as long as a process is being started."""
        return self.write_end

    def __exit__(
        self, _kind: type[BaseException] | None, _exc: BaseException | None, _tb: TracebackType | None
    ) -> None:
        os.close(self.write_end)

    def drain(self) -> None:
        """Hand over what has been written up to now, an unfinished line included."""
        for _ in range(_DRAINED_PIECES if self._open else 0):
            if not self._read():
                break
        self._flush()

    def close(self) -> None:
        """Hand over what is left, and read no more."""
        if self._open:
            self.drain()
            self._open = False
            self._loop.remove_reader(self._read_end)
            os.close(self._read_end)

    def _read(self) -> bool:
        """Read once; return whether anything came."""
        try:
            data = os.read(self._read_end, _PIECE)
        except BlockingIOError:
            return False
        if not data:
            # Every writer has closed it. A reader left in place would be called without end.
            self._loop.remove_reader(self._read_end)
            return False
        *lines, self._unfinished = _LINE_ENDS.split(self._unfinished + data)
        for line in lines:
            # In CloudWatch's embedded metric format: figures, which nobody reads as a log.
            if not line.startswith(b'{"_aws":'):
                self._on_line(line.decode("utf-8", "replace"))
        if len(self._unfinished) > _MAX_LINE:
            self._flush()
        return True

    def _flush(self) -> None:
        line, self._unfinished = self._unfinished, b""
        if line:
            self._on_line(line.decode("utf-8", "replace"))
