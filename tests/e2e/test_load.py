"""The gateway with 2,000 clients: it refuses none and loses none."""

import asyncio
import resource
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.load import Client, broadcast, connect_all
from tests.support.local_stack import LocalStack, local_stack

BURST = 500
"""API Gateway's quota for new connections per second, and so the largest burst."""
IDLE = 2_000
HELD_SECONDS = 2
MOST_MEGABYTES = 300
REQUEST = '{"action":"sendmessage","data":"live long"}'
FRAME_SIZE = 2 + len("live long")
DESCRIPTORS = 256
"""A usual limit on macOS; Linux has 1,024. The stack raises its own limit."""

pytestmark = [pytest.mark.alone, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """Start the stack with a low limit of file descriptors; raise the limit of this process, for its clients."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < IDLE + DESCRIPTORS:
        pytest.skip(f"{IDLE} connections need more file descriptors than the {hard} that may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, hard))
    # Above the template's throttle, since this tests the gateway.
    with local_stack("--parameter-overrides", "RequestRate=10000", "RequestBurst=5000") as stack:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, IDLE + DESCRIPTORS), hard))
        yield stack
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_burst_is_served_and_two_thousand_idle_connections_are_held(stack: LocalStack) -> None:
    """Four bursts of 500 connect, idle for a while, and then each receives a message."""
    url = urlsplit(stack.ws_url)
    clients: list[Client] = []
    try:
        while len(clients) < IDLE:
            more, _ = await connect_all(url.port or 0, url.path, BURST)
            clients += more
            # The quota is per second.
            await asyncio.sleep(1 if len(clients) < IDLE else 0)
        for client in clients:
            client.expect(FRAME_SIZE)
        await asyncio.sleep(HELD_SECONDS)
        assert not [client for client in clients if client.received.done()]
        assert megabytes(stack.process.pid) < MOST_MEGABYTES
        await broadcast(clients, REQUEST, FRAME_SIZE)
    finally:
        for client in clients:
            client.transport.abort()


def megabytes(pid: int) -> float:
    """Return the resident memory of a process in megabytes; 0 on systems without `/proc`."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0.0
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024
