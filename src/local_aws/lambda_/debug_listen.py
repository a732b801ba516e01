"""Lets a debugger attach to a function's process, then becomes the runtime client.

Run by its path as `python debug_listen.py PORT PACKAGES CLIENT...`: PACKAGES is the folder of debugpy, CLIENT the
arguments that the process would have without a debugger, `-m MODULE HANDLER` or `PATH HANDLER`. It imports only the
standard library and debugpy: what else can be imported concerns only the function.
"""

import contextlib
import runpy
import socket
import sys
import time

_RELEASE_SECONDS = 10.0
"""How long the debug adapter of the previous process may keep the port after that process has ended."""


def main(port: int, packages: str, client: list[str]) -> None:
    """Listen for a debugger without waiting for it, and run the client."""
    _wait_until_free(port)
    # Last on the path, so that it hides no module of the function.
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
    """Return once the port is free, or after a timeout: debugpy then reports the reason."""
    deadline = time.monotonic() + _RELEASE_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return
        time.sleep(0.05)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
