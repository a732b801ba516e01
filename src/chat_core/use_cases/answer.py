"""What a command leads to: a reply, and what is done beside it and after it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from chat_core.domain.feed import Turn
from chat_core.domain.replies import Reply
from chat_core.fanout.budget import Budget
from chat_core.fanout.drain import Prefetched
from chat_core.use_cases.sender import Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallen:
    """A turn that fell to this process."""

    turn: Turn
    prefetched: Prefetched | None = None


FollowUp = Callable[[], Awaitable[Turn | None]]
"""What follows a reply; it may lead to a turn, by which the caller then delivers. Raises `ChatError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one command."""

    reply: Reply
    fallen: Fallen | None = None
    """A turn to deliver by, before the reply is sent. It is sent after a second in any case, when a worker is woken."""
    then: FollowUp | None = None
    """What is done once the reply was sent."""
    undo: Callable[[], Awaitable[None]] | None = None
    """What is done in place of `then` if the client has gone before its reply."""


Handler = Callable[[Any, int, Sender, Budget], Awaitable[Answer]]
"""The use case of one command: takes the command, its id, its sender, and the budget. Raises `ChatError`."""
