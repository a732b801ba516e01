"""Ends the processes of the local stack when the stack itself is gone, however it went.

Run as a program: standard input brings `+123` when process group 123 has been started and `-123` when it is gone. Its
end means that the stack is, and whatever group is left is killed. A function that waits for its next event would
notice by itself, since its long poll breaks; one that loops, or has threads, would not.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterable


def watch(lines: Iterable[str]) -> None:
    """Follow `lines` to their end, then kill the groups that are left."""
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
