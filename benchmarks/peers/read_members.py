"""The part of our `sendmessage` that reads, behind a handler of its own."""

from typing import Any

from chat_core import LOBBY
from entrypoints.aws_lambda.container import container

_run = container.runner().run
_store = container.store()


def handler(_event: Any, _context: Any) -> Any:
    """Read the room to its last page."""
    _run(_read())
    return {"statusCode": 200}


async def _read() -> None:
    async for _ in _store.recipients(room=LOBBY):
        pass
