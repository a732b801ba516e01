"""Lets a debugger attach to a function's process, then becomes the runtime client.

Run by its path as `python debug_listen.py PORT PACKAGES CLIENT...`: PACKAGES is the folder that debugpy is in, CLIENT
what the process would otherwise be started with, `-m MODULE HANDLER` or `PATH HANDLER`. It imports the standard library
and debugpy alone, since what else can be imported is the function's business.
"""

import contextlib
import runpy
import socket
import sys
import time

_RELEASE_SECONDS = 10.0
"""How long the adapter of the process before may hold the port after that process has ended."""


def main(port: int, packages: str, client: list[str]) -> None:
    """Listen for a debugger, without waiting for one, and run the client."""
    _wait_until_free(port)
    # Last, so that it hides nothing of the function's.
    sys.path.append(packages)
    import debugpy  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415

    debugpy.listen(("127.0.0.1", port))
    print(f"debugger: 127.0.0.1:{port}", flush=True)
    if client[0] == "-m":
        sys.argv = client[1:]
        runpy.run_module(client[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = client
        runpy.run_path(client[0], run_name="__main__")


def _wait_until_free(port: int) -> None:
    """Return once the port can be listened on; or too late, for debugpy to say why it cannot."""
    deadline = time.monotonic() + _RELEASE_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return
        time.sleep(0.05)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
