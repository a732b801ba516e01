"""Debuggers for functions: their ports, and no timeouts while a developer steps through a function."""

import dataclasses
import errno
import importlib.util
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from local_aws.config import ApiConfig, FunctionConfig, RouteConfig
from local_aws.lambda_ import Debugger
from local_aws.options import Options, PortTaken, UsageError

NO_TIMEOUT_MS = 24 * 60 * 60 * 1000
"""How long the gateway waits for a function that may be stopped at a breakpoint."""


def debuggers(options: Options, functions: Sequence[FunctionConfig]) -> dict[str, Debugger]:
    """Return the debuggers by the ARN of the function; empty without `--debug-port`.

    Raises:
        UsageError: debugpy is not installed, or a named function does not exist.
        PortTaken: A port is not free.

    """
    if options.debug_port is None:
        return {}
    packages = debugpy_folder()
    chosen = _chosen(functions, options.debug_functions)
    if options.debug_port + len(chosen) - 1 > 65535:
        raise UsageError(f"--debug-port {options.debug_port} leaves no ports for {len(chosen)} functions")
    found = {
        function.arn: Debugger(port=options.debug_port + number, packages=packages)
        for number, function in enumerate(chosen)
    }
    for debugger in found.values():
        _check_free(debugger.port)
    return found


def debugpy_folder() -> Path:
    """Return the folder of debugpy; the functions have the same Python as the stack.

    Raises:
        UsageError: It is not installed.

    """
    spec = importlib.util.find_spec("debugpy")
    if spec is None or spec.origin is None:
        raise UsageError(
            "--debug-port needs debugpy in the environment of the local stack: .venv/bin/pip install debugpy"
        )
    return Path(spec.origin).parents[1]


def announce(found: Mapping[str, Debugger], functions: Iterable[FunctionConfig], log: Callable[[str], None]) -> None:
    """Log the port of each function's debugger, and its effects."""
    for function in functions:
        if debugger := found.get(function.arn):
            log(f"Debugger   127.0.0.1:{debugger.port}  {function.logical_id}")
    if found:
        log("A function with a debugger takes one event at a time and has no timeout.")


def without_timeouts(api: ApiConfig, arns: Iterable[str]) -> ApiConfig:
    """Return the API without timeouts for the integrations of these functions."""
    routes = {key: _without_timeouts(route, frozenset(arns)) for key, route in api.routes.items()}
    return dataclasses.replace(api, routes=routes)


def _without_timeouts(route: RouteConfig, arns: frozenset[str]) -> RouteConfig:
    integration = route.integration
    # A qualifier may follow the function's own ARN.
    if integration is None or not any(f"{integration.function_arn}:".startswith(f"{arn}:") for arn in arns):
        return route
    return dataclasses.replace(route, integration=dataclasses.replace(integration, timeout_ms=NO_TIMEOUT_MS))


def _chosen(functions: Sequence[FunctionConfig], wanted: Sequence[str]) -> list[FunctionConfig]:
    """Return the functions with these logical ids, with or without the nested stack's prefix; all if none is given."""
    if not wanted:
        return list(functions)
    for name in wanted:
        if not any(_is_called(function, name) for function in functions):
            known = ", ".join(function.logical_id for function in functions)
            raise UsageError(f"--debug-function {name}: there is no such function; there are {known}")
    return [function for function in functions if any(_is_called(function, name) for name in wanted)]


def _is_called(function: FunctionConfig, name: str) -> bool:
    return name in {function.logical_id, function.logical_id.rpartition("/")[2]}


def _check_free(port: int) -> None:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise PortTaken(port, "--debug-port", or_any_free="") from exc
        raise
