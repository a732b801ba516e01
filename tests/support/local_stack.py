"""`chat local` as a process."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CHAT = Path(sys.executable).with_name("chat")


@dataclass
class LocalStack:
    """A running stack and its output."""

    process: subprocess.Popen[str]
    out: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    ws_url: str = ""
    page_url: str = ""

    @property
    def management_endpoint(self) -> str:
        return self.ws_url.replace("ws://", "http://", 1)

    def descendants(self) -> set[int]:
        """Return the ids of the stack's child processes and their descendants."""
        return _descendants(self.process.pid)

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Send the signal; return the seconds until the stack ended."""
        started = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=30)
        return time.monotonic() - started

    def wait_for_log(self, pattern: str, *, timeout: float = 30) -> str:
        """Wait until a line of the log matches; return it."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for line in list(self.log):
                if re.search(pattern, line):
                    return line
            time.sleep(0.05)
        raise TimeoutError(f"no log line matches {pattern!r}:\n" + "\n".join(self.log[-50:]))


@contextmanager
def local_stack(
    *arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None, descriptors: int | None = None
) -> Iterator[LocalStack]:
    """Start `chat local` on free ports, with this limit of file descriptors; stop it at the end."""
    command = [str(CHAT), "local", "--port", "0", "--page-port", "0", *arguments]
    if descriptors is not None:
        command = ["sh", "-c", 'ulimit -n "$0" && exec "$@"', str(descriptors), *command]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, **(env or {})},
    )
    stack = LocalStack(process)
    addresses: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    readers = [
        threading.Thread(target=_read, args=(process.stdout, stack.out, addresses)),
        threading.Thread(target=_read, args=(process.stderr, stack.log, None)),
    ]
    for reader in readers:
        reader.start()
    try:
        _wait_until_ready(stack, addresses)
        yield stack
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for reader in readers:
            reader.join()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()


def _read(pipe: Iterator[str], lines: list[str], addresses: queue.SimpleQueue[str | None] | None) -> None:
    for line in pipe:
        lines.append(line.rstrip("\n"))
        if addresses is not None:
            addresses.put(line)
    if addresses is not None:
        addresses.put(None)


def _wait_until_ready(stack: LocalStack, addresses: queue.SimpleQueue[str | None]) -> None:
    """Wait until standard output has both URLs."""
    while not (stack.ws_url and stack.page_url):
        line = addresses.get(timeout=60)
        if line is None:
            raise RuntimeError("the stack did not start:\n" + "\n".join(stack.out + stack.log))
        if found := re.search(r"ws://127\.0\.0\.1:\d+/\S+", line):
            stack.ws_url = found[0]
        if found := re.search(r"http://127\.0\.0\.1:\d+/", line):
            stack.page_url = found[0]


def alive(pids: set[int]) -> set[int]:
    """Return the processes that still run."""
    return {pid for pid in pids if _runs(pid)}


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _descendants(pid: int) -> set[int]:
    found = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found |= {child} | _descendants(child)
    return found
