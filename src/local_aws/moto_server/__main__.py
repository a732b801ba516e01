"""The embedded AWS as a program: moto's server on loopback.

Prints its port as one line as soon as requests can be sent. They are answered once moto is imported, which takes about
two seconds: the parent works meanwhile. Reads one line, a JSON object: the `secret` of its private paths, the `origins`
of pages that may use it, and in `changes` the file descriptor of a pipe for news of changed roles. Ends when its
standard input ends, and so with its parent, even if the parent is killed.
"""

import gc
import json
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
    line = sys.stdin.buffer.readline()
    if not line:
        # The parent has ended already.
        return
    told = json.loads(line)
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    # All objects of an import stay: collecting garbage among them again and again finds none.
    gc.disable()
    from local_aws.moto_server.app import serve  # noqa: PLC0415 - after the port is known: see above

    gc.freeze()
    gc.enable()
    serve(listener, secret=told["secret"], origins=told["origins"], changes=told["changes"])


def _end_with_standard_input() -> None:
    sys.stdin.buffer.read()
    # There is nothing to save, and no client is left for requests under way.
    os._exit(0)


if __name__ == "__main__":
    main()
