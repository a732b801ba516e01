"""Runs the emulator for a person: prints its addresses and log, and ends it on signals."""

import asyncio
import logging
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress

from local_aws.dev.debugging import debugpy_folder
from local_aws.dev.trace import Trace, takes_colours
from local_aws.emulator import Addresses, Emulator
from local_aws.errors import EmbeddedAwsFailed, TemplateError
from local_aws.options import Options, PortTaken, UsageError

MOST_CONNECTIONS = 10_240
"""The limit of macOS by default (`OPEN_MAX` of its sys/syslimits.h)."""

Beside = Callable[[Addresses], AbstractAsyncContextManager[Sequence[str]]]
"""Starts something beside the emulator, and yields the lines that name its addresses."""


async def run(options: Options, *, beside: Beside | None = None) -> int:
    """Run the emulator until SIGINT or SIGTERM; return the exit status.

    What `beside` starts is stopped before the emulator. The addresses go to standard output,
    everything else to standard error.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    _cancel_on_signals()
    _allow_connections()
    started = time.monotonic()
    try:
        if options.debug_port is not None:
            # Checked first: a start takes seconds.
            debugpy_folder()
        async with Emulator(options, log, trace=_trace(options)) as emulator, AsyncExitStack() as more:
            addresses = await emulator.start()
            lines = [] if beside is None else await more.enter_async_context(beside(addresses))
            emulator.tell()
            announce(addresses, lines)
            log(f"Ready after {time.monotonic() - started:.1f} s. AWS endpoint {addresses.aws}")
            await emulator.run()
    except asyncio.CancelledError:
        return 0
    except UsageError as exc:
        log(f"error: {exc}")
        return 2
    except (TemplateError, EmbeddedAwsFailed, PortTaken) as exc:
        log(f"error: {exc}")
        return 1
    return 0


def log(line: str) -> None:
    """Write a line of the log. If standard error is closed, the emulator continues, and above all it stops, without."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def announce(addresses: Addresses, more: Sequence[str] = ()) -> None:
    """Print the addresses, after the lines of whatever runs beside the emulator."""
    lines = list(more)
    for name, url in addresses.apis.items():
        whose = f"  ({name})" if len(addresses.apis) > 1 else ""
        lines += [f"WebSocket  {url}{whose}", f"           wscat -c {url}"]
    print(*lines, "Ctrl-C stops everything.", sep="\n", flush=True)


def _trace(options: Options) -> Trace | None:
    return Trace(log, coloured=takes_colours(sys.stderr)) if options.trace else None


def _allow_connections() -> None:
    """Raise the limit of file descriptors: each connection needs one, and a usual default is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS reports "unlimited", but refuses that value.
    wanted = MOST_CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, MOST_CONNECTIONS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _cancel_on_signals() -> None:
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    stopping: list[int] = []

    def stop(number: int) -> None:
        # A second Ctrl-C must not interrupt the stop, which would leave processes behind.
        if not stopping and task is not None:
            log("Stopping.")
            task.cancel()
        stopping.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
