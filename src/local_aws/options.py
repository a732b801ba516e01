"""What the emulator was asked to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_TEMPLATE = Path("template.yaml")
"""In the working directory, as AWS SAM has it."""
DEFAULT_PORT = 3001


class UsageError(Exception):
    """Something was asked for that cannot be had, as the command line alone does not show."""


class PortTaken(Exception):
    """Something listens there already."""

    def __init__(self, port: int, option: str, *, or_any_free: str = " (0 takes any free one)") -> None:
        super().__init__(f"Port {port} is taken; choose another with {option}{or_any_free}.")


@dataclass(frozen=True, kw_only=True)
class Options:
    """The command line, checked as far as that goes without reading the template."""

    template: Path = DEFAULT_TEMPLATE
    port: int = DEFAULT_PORT
    """Where the first WebSocket API listens; 0 for any free port. Further APIs take any."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Values for the template's parameters in place of their defaults."""
    dynamodb_endpoint: str | None = None
    """A DynamoDB to use in place of the embedded one."""
    reload: bool = True
    """Whether an edit of the functions' code takes effect at their next event."""
    idle_seconds: float = 600.0
    """A connection without messages for so long is closed. The defaults are API Gateway's quotas."""
    lifetime_seconds: float = 7200.0
    """A connection as old as this is closed."""
    allow_hosts: tuple[str, ...] = ()
    """Names, besides loopback's, that the WebSocket APIs and the page answer to."""
    allow_origins: tuple[str, ...] = ()
    """Origins, besides those of this machine, whose pages may open WebSockets."""
    allow_aws_origins: tuple[str, ...] = ()
    """Origins whose pages may use the `@connections` APIs and the embedded cloud."""
    trace: bool = False
    """Whether events, answers and calls of the management API are shown."""
    debug_port: int | None = None
    """Where a debugger may attach to the first function; the others follow on the next ports."""
    debug_functions: tuple[str, ...] = ()
    """The logical ids of the functions to debug; all where it is empty."""
    region: str = "us-east-1"
    stack_name: str = "local"
    """What the stack is called in the embedded cloud."""
