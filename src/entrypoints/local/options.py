"""The options of `chat local`, and the defaults of this chat."""

from dataclasses import dataclass
from pathlib import Path

from local_aws.options import Options

REPOSITORY = Path(__file__).parents[3]
DEFAULT_TEMPLATE = REPOSITORY / "infrastructure" / "template.yaml"
PAGE_FOLDER = REPOSITORY / "frontend"
DEFAULT_PAGE_PORT = 3000
STACK_NAME = "chat-local"


@dataclass(frozen=True, kw_only=True)
class ChatOptions:
    """The command line of `chat local`."""

    emulator: Options
    page_port: int | None = None
    """Where the page is served; None means the usual port, or any other if that one is taken."""
