"""Running the local stack for a person: what is printed, and what ends it."""

import asyncio
import logging
import resource
import signal
import sys
import time
from contextlib import suppress

from entrypoints.local.cloud import CloudFailed, TemplateError
from entrypoints.local.debugging import debugpy_folder
from entrypoints.local.options import Options, PortTaken, UsageError
from entrypoints.local.stack import Addresses, LocalStack
from entrypoints.local.trace import Trace, takes_colours

MOST_CONNECTIONS = 10_240
"""What macOS takes at the most without being told otherwise (`OPEN_MAX` of its sys/syslimits.h)."""


async def run(options: Options) -> int:
    """Run the stack until SIGINT or SIGTERM; return the exit status.

    The addresses go to standard output, everything else to standard error.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    _cancel_on_signals()
    _allow_connections()
    started = time.monotonic()
    try:
        if options.debug_port is not None:
            # Told at once, rather than after the seconds that a start takes.
            debugpy_folder()
        async with LocalStack(options, log, trace=_trace(options)) as stack:
            addresses = await stack.start()
            announce(addresses)
            log(f"Ready after {time.monotonic() - started:.1f} s. AWS endpoint {addresses.aws}")
            await stack.run()
    except asyncio.CancelledError:
        return 0
    except UsageError as exc:
        log(f"error: {exc}")
        return 2
    except (TemplateError, CloudFailed, PortTaken) as exc:
        log(f"error: {exc}")
        return 1
    return 0


def log(line: str) -> None:
    """Write a line of the log, if anybody still reads it: the stack has to go on and, above all, to stop without."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def announce(addresses: Addresses) -> None:
    """Tell where everything is."""
    lines = [f"Chat page  {addresses.page}"] if addresses.page else []
    for name, url in addresses.apis.items():
        whose = f"  ({name})" if len(addresses.apis) > 1 else ""
        lines += [f"WebSocket  {url}{whose}", f"           wscat -c {url}"]
    print(*lines, "Ctrl-C stops everything.", sep="\n", flush=True)


def _trace(options: Options) -> Trace | None:
    return Trace(log, coloured=takes_colours(sys.stderr)) if options.trace else None


def _allow_connections() -> None:
    """Take as many file descriptors as the system gives: each connection is one, and 1,024 is a usual default."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS says "unlimited" and refuses it.
    wanted = MOST_CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, MOST_CONNECTIONS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _cancel_on_signals() -> None:
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    stopping: list[int] = []

    def stop(number: int) -> None:
        # Once: a second Ctrl-C must not interrupt the stopping and leave processes behind.
        if not stopping and task is not None:
            log("Stopping.")
            task.cancel()
        stopping.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
