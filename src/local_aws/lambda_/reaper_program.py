"""Ends the processes of the local stack after the stack has ended, even if it was killed.

Run as a program: standard input has a line `+123` when process group 123 was started, and `-123` when it has ended. End
of file means that the stack has ended; the remaining groups are killed. A function that waits for its next event would
end by itself, since its long poll breaks; one that loops or has threads would not.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterable


def watch(lines: Iterable[str]) -> None:
    """Read `lines` to their end, then kill the remaining groups."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    watch(sys.stdin)
