"""AWS's command line as a server: `aws` without its imports, which take ten times as long as the rest of a call.

Run by the Python that has the package `awscli`. Each call is answered by a fork that has the caller's arguments,
variables, folder and standard streams, and so does what the command does. `aws_client.py` is the caller.
"""

import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback

LENGTH = 4
"""Bytes that tell how long the call is that follows."""


def main(path: str) -> None:
    """Serve on the socket at `path` until standard input ends."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        # This imports everything, plugins included; each fork makes a driver of its own.
        importlib.import_module("awscli.clidriver").create_clidriver()
        # The kernel forgets forks that have ended.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        print("ready", flush=True)
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            with listener.accept()[0] as call:
                if os.fork() == 0:
                    listener.close()
                    _answer(call)


def _answer(call: socket.socket) -> None:
    """Run the command in this process; send its status, and end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, streams, _, _ = socket.recv_fds(call, LENGTH, 3)
    with call.makefile("rb") as rest:
        arguments, folder, variables = json.loads(rest.read(int.from_bytes(head)))
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    # The import has put there where its data is.
    data = os.environ["AWS_DATA_PATH"]
    os.environ.clear()
    os.environ.update(variables | {"AWS_DATA_PATH": data})
    sys.argv = ["aws", *arguments]
    status = 255
    try:
        status = importlib.import_module("awscli.clidriver").main()
    except SystemExit as exc:
        status = exc.code if isinstance(exc.code, int) else 1
    except Exception:  # noqa: BLE001 - as the interpreter does, which does not get to it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        call.sendall(bytes([status]))
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
