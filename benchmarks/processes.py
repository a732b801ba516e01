"""Processes that are measured: each on a core of its own, each fresh, with the CPU time that it took."""

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
    """A process that has ended well."""

    stdout: str
    stderr: str
    cpu: float
    """Seconds of user and system time, of every thread and every child that was waited for."""
    wall: float
    """Seconds from before its start until it had ended."""


def run_fresh(command: Sequence[str], *, environment: Mapping[str, str], seconds: float = 120) -> Run:
    """Run a client in a process of its own, on its own core.

    Raises:
        RuntimeError: it failed; the message ends with what it said.
        subprocess.TimeoutExpired: it took longer than the given seconds; it has been killed.

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
    """Have what is started in the block stay on that core; on a system that cannot, the block is none the worse."""
    if sys.platform != "linux":
        yield
        return
    # A child inherits where its parent may run.
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(allowed)[core % len(allowed)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_open(port: int, process: subprocess.Popen[str], *, seconds: float = 60) -> None:
    """Wait until somebody listens on the port.

    Raises:
        RuntimeError: the process that should has ended.
        TimeoutError: nobody does after that many seconds.

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
    raise TimeoutError(f"nobody listens on port {port}")


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
