"""What `chat local` was asked to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
DEFAULT_TEMPLATE = REPOSITORY / "infrastructure" / "template.yaml"
PAGE_FOLDER = REPOSITORY / "frontend"
DEFAULT_PORT = 3001
DEFAULT_PAGE_PORT = 3000


@dataclass(frozen=True, kw_only=True)
class Options:
    """The command line, checked as far as that goes without reading the template."""

    template: Path = DEFAULT_TEMPLATE
    port: int = DEFAULT_PORT
    """Where the first WebSocket API listens; 0 for any free port. Further APIs take any."""
    page_port: int | None = None
    """Where the page is served; None for the usual port if it is free and any other if not."""
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
    trace: bool = False
    """Whether events, answers and calls of the management API are shown."""
    region: str = "us-east-1"
