"""Takes the place of AWS's command line `aws`, and has it run by `aws_server.py`. The socket is beside the program."""

import json
import os
import socket
import sys


def main() -> int:
    """Have the command run with this process's arguments and streams; return its exit status."""
    call = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    with socket.socket(socket.AF_UNIX) as server:
        # pathlib would take longer to import than everything else here.
        server.connect(os.path.join(os.path.dirname(__file__), "socket"))
        socket.send_fds(server, [len(call).to_bytes(4)], [0, 1, 2])
        server.sendall(call)
        status = server.recv(1)
    return status[0] if status else 1


if __name__ == "__main__":
    sys.exit(main())
