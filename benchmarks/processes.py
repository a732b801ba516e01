"""The measured processes: each is new, runs on its own core, and is reported with its CPU time."""

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

CLIENT_CORE = 0
ENDPOINT_CORE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A process that has succeeded."""

    stdout: str
    stderr: str
    cpu: float
    """The user and system time of all threads and all children that were waited for, in seconds."""
    wall: float
    """The time from before the start until after the end, in seconds."""


def run_fresh(command: Sequence[str], *, environment: Mapping[str, str], seconds: float = 120) -> Run:
    """Run a client in a new process, on its own core.

    Raises:
        RuntimeError: the process failed; the message has the end of its output.
        subprocess.TimeoutExpired: the process took longer than the given seconds and was killed.

    """
    before, started = _children_cpu(), time.perf_counter()
    with on_core(CLIENT_CORE):
        ended = subprocess.run(
            command, env=dict(environment), capture_output=True, text=True, timeout=seconds, check=False
        )
    wall, cpu = time.perf_counter() - started, _children_cpu() - before
    if ended.returncode:
        raise RuntimeError(f"{command[0]} ended with {ended.returncode}: {(ended.stderr or ended.stdout)[-2000:]}")
    return Run(stdout=ended.stdout, stderr=ended.stderr, cpu=cpu, wall=wall)


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Pin the processes that are started in the block to a core; do nothing on systems that cannot."""
    if sys.platform != "linux":
        yield
        return
    # A child inherits the affinity of its parent.
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(allowed)[core % len(allowed)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def free_port() -> int:
    """Return an unused port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_open(port: int, process: subprocess.Popen[str], *, seconds: float = 60) -> None:
    """Wait until the process listens on the port.

    Raises:
        RuntimeError: the process has ended.
        TimeoutError: the port is not open after the given seconds.

    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(f"port {port} is not open")


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
