"""The servers that the scenarios run against: the chat on this machine, or Centrifugo."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.clients.driver import CACHE, COMMANDS, Client, client, missing
from tests.clients.forwarder import Forwarder, forwarder
from tests.support.local_stack import local_stack

HERE = Path(__file__).parent
CENTRIFUGO = CACHE / "centrifugo"

Start = Callable[[str], Client]
"""Starts a client of a language."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark these tests: they need processes of other languages."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("outside")


def reference() -> bool:
    """Return whether the scenarios run against Centrifugo: `make compare-centrifugo`."""
    return os.environ.get("SCENARIOS_AGAINST") == "centrifugo"


@contextmanager
def centrifugo() -> Iterator[tuple[int, str]]:
    """Start Centrifugo; yield its port and the path with its query."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = [str(CENTRIFUGO), "--config", str(HERE / "centrifugo.json"), "--http_server.address", "127.0.0.1"]
    process = subprocess.Popen([*command, "--http_server.port", str(port), "--log.level", "none"])
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert time.monotonic() < deadline, "Centrifugo did not start"
                time.sleep(0.05)
        yield port, "/connection/websocket"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def chat(*arguments: str) -> Iterator[tuple[int, str]]:
    """Start the chat; yield its port and the path with its query."""
    with local_stack("--rooms", str(HERE / "rooms.json"), *arguments) as stack:
        found = re.fullmatch(r"ws://127\.0\.0\.1:(\d+)(/.*)", stack.ws_url)
        assert found is not None
        yield int(found[1]), f"{found[2]}?protocol=centrifuge"


@pytest.fixture(scope="session")
def server() -> Iterator[tuple[int, str]]:
    """Return where the server is: its port, and the path with its query."""
    with centrifugo() if reference() else chat() as found:
        yield found


@pytest.fixture
def network(server: tuple[int, str]) -> Iterator[Forwarder]:
    """Return the network between the clients and the server."""
    with forwarder(("127.0.0.1", server[0])) as relay:
        yield relay


@pytest.fixture
def url(server: tuple[int, str], network: Forwarder) -> str:
    """Return the address that clients connect to, through the network that can be cut."""
    return f"ws://127.0.0.1:{network.port}{server[1]}"


@pytest.fixture
def directly(server: tuple[int, str]) -> str:
    """Return the address of the server itself, for a client that is never cut off."""
    return f"ws://127.0.0.1:{server[0]}{server[1]}"


@pytest.fixture
def start(url: str) -> Iterator[Start]:
    """Return a function that starts a client."""
    with ExitStack() as running:

        def start(language: str) -> Client:
            if reason := missing(language):
                pytest.skip(reason)
            return running.enter_context(client(language, url))

        yield start


@pytest.fixture(params=list(COMMANDS))
def language(request: pytest.FixtureRequest) -> str:
    """Return the name of each client."""
    return str(request.param)


_rooms = iter(range(1_000_000))


@pytest.fixture
def room() -> str:
    """Return a room that no other test uses."""
    return f"room{next(_rooms)}"
