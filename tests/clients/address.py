"""The address that the Go client's own tests have written into them, in front of another server."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

PORT = 8000
LONGEST_REQUEST = 65536


def taken() -> bool:
    """Return whether another program has the port."""
    try:
        socket.create_server(("127.0.0.1", PORT)).close()
    except OSError:
        return True
    return False


@contextmanager
def known_address(server: tuple[int, str]) -> Iterator[None]:
    """Pass on what is sent to the port; each handshake asks for the server's own path, whatever it asked for."""
    listener = socket.create_server(("127.0.0.1", PORT), backlog=256)
    Thread(target=_accept, args=(listener, server), daemon=True).start()
    try:
        yield
    finally:
        # `close` alone does not wake up a thread that waits in `accept`.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _accept(listener: socket.socket, server: tuple[int, str]) -> None:
    with suppress(OSError):
        while True:
            near, _ = listener.accept()
            Thread(target=_connect, args=(near, server), daemon=True).start()


def _connect(near: socket.socket, server: tuple[int, str]) -> None:
    port, path = server
    with near, suppress(OSError), socket.create_connection(("127.0.0.1", port)) as far:
        request = b""
        while b"\r\n" not in request and len(request) < LONGEST_REQUEST:
            if not (data := near.recv(LONGEST_REQUEST)):
                return
            request += data
        method, _, rest = request.split(b" ", 2)
        far.sendall(b" ".join((method, path.encode(), rest)))
        back = Thread(target=_pass_on, args=(far, near), daemon=True)
        back.start()
        _pass_on(near, far)
        back.join()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(LONGEST_REQUEST):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
