"""A server that takes connections and then says nothing, as one does that hangs."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent_server() -> Iterator[str]:
    """Listen on loopback; yield the URL. Whoever still waits is cut off at the end."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        # The kernel makes the connections; nobody accepts them.
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
