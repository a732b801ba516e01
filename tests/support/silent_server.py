"""A server that accepts connections and never answers."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent_server() -> Iterator[str]:
    """Listen on loopback; yield the URL. Open connections are reset at the end."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        # The kernel completes the connections; no process accepts them.
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
