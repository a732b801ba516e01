"""The options of the emulator."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_TEMPLATE = Path("template.yaml")
"""In the working directory, as AWS SAM has it."""
DEFAULT_PORT = 3001


class UsageError(Exception):
    """An option asks for something that is not available, which the command line alone does not show."""


class PortTaken(Exception):
    """Another process listens on the port."""

    def __init__(self, port: int, option: str, *, or_any_free: str = " (0 takes any free one)") -> None:
        super().__init__(f"Port {port} is taken; choose another with {option}{or_any_free}.")


@dataclass(frozen=True, kw_only=True)
class Options:
    """The command line, validated as far as possible without the template."""

    template: Path = DEFAULT_TEMPLATE
    port: int = DEFAULT_PORT
    """Where the first WebSocket API listens; 0 for any free port. Further APIs take any."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Values of the template's parameters, instead of their defaults."""
    dynamodb_endpoint: str | None = None
    """The URL of a DynamoDB to use instead of the embedded one."""
    reload: bool = True
    """Whether an edit of the functions' code takes effect at their next event."""
    idle_seconds: float = 600.0
    """After how many seconds a connection without messages is closed. The defaults are API Gateway's quotas."""
    lifetime_seconds: float = 7200.0
    """At what age in seconds a connection is closed."""
    allow_hosts: tuple[str, ...] = ()
    """Host names, besides those of loopback, for which the WebSocket APIs and the page respond."""
    allow_origins: tuple[str, ...] = ()
    """Origins, besides those of this machine, whose pages may open WebSockets."""
    allow_aws_origins: tuple[str, ...] = ()
    """Origins whose pages may use the `@connections` APIs and the embedded AWS."""
    trace: bool = False
    """Whether events, responses and calls of the management API are logged."""
    debug_port: int | None = None
    """The port for a debugger of the first function. The other functions have the next ports."""
    debug_functions: tuple[str, ...] = ()
    """The logical ids of the functions to debug; empty for all."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that every function has besides those of the template."""
    function_files: frozenset[Path] = frozenset()
    """Files outside of the functions' code that all of them read. An edit takes effect as one of the code does."""
    region: str = "us-east-1"
    stack_name: str = "local"
    """The name of the stack in the embedded AWS."""
