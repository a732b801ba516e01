"""The embedded cloud as a program: moto's server on loopback.

Prints its port as one line as soon as requests can be sent. They are answered once moto is imported, which takes about
two seconds: the parent has its own things to do meanwhile. Ends when its standard input does, and so with its parent,
however that ends.
"""

import gc
import os
import signal
import socket
import sys
import threading


def main() -> None:
    """Serve until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    # An import makes objects that all stay: looking through them again and again for garbage finds none.
    gc.disable()
    from entrypoints.local.cloud.moto_app import serve  # noqa: PLC0415 - after the port is known: see above

    gc.freeze()
    gc.enable()
    serve(listener)


def _end_with_standard_input() -> None:
    sys.stdin.buffer.read()
    # There is nothing to save, and requests under way have nobody left to read their answers.
    os._exit(0)


if __name__ == "__main__":
    main()
