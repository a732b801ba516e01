"""Which post is made next, and when."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable

from adapters.apigateway.pacer import Pacer
from adapters.apigateway.posts import Post, Posts
from adapters.apigateway.throttling import Throttling
from chat_core.ports import Outcome

_CLOSE_SECONDS = 0.0005
"""An alarm that is about right stays: every post that finds the pace used up would set another."""


class Queue:
    """The deliveries under way, which take turns; a post is handed out when the pace and its own pause allow it."""

    def __init__(self, pacer: Pacer) -> None:
        self.pump: Callable[[], None] = _nothing
        """Called when posts may be made that could not be made before."""
        self.throttling = Throttling()
        self._pacer = pacer
        self._turns: deque[Posts] = deque()
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = math.inf

    async def work(self, posts: Posts) -> None:
        """Have the posts made until every connection is settled, at the latest soon after the deadline."""
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        posts.done = lambda: None if done.done() else done.set_result(None)
        left = posts.delivery.deadline - time.monotonic()
        deadline = None if left == math.inf else loop.call_later(left, self._give_up, posts)
        self._turns.append(posts)
        try:
            self._pump()
            await done
        finally:
            self._turns.remove(posts)
            if deadline is not None:
                deadline.cancel()

    @property
    def backlog(self) -> int:
        """How many posts could be made now, if there were connections enough."""
        now = time.monotonic()
        return min(self._pacer.available(now), sum(posts.delivery.ready(now) for posts in self._turns))

    def take(self) -> Post | None:
        """Return the post that is to be made next, or None if there is none to be made now."""
        now = time.monotonic()
        if self._pacer.take(now):
            turns = self._turns
            for posts in turns:
                post = posts.next(now)
                if post is not None:
                    if len(turns) > 1:
                        turns.remove(posts)
                        turns.append(posts)
                    return post
            self._pacer.give_back()
        self._plan(now)
        return None

    def ended(self, outcome: Outcome, now: float) -> None:
        """Learn from a post that did not deliver."""
        if outcome is Outcome.THROTTLED and self.throttling.is_the_accounts:
            self._pacer.narrow(now)
        self._plan(now)

    def close(self) -> None:
        """Wake no more."""
        if self._alarm is not None:
            self._alarm.cancel()

    def _give_up(self, posts: Posts) -> None:
        posts.delivery.give_up()
        if not posts.delivery.unsettled:
            posts.done()

    def _plan(self, now: float, *, after: float = -math.inf) -> None:
        """Wake when something can be done that cannot be done now.

        Args:
            now: the time.
            after: what was due by then has been looked at, and waits for a place, not for time.

        """
        if not self._pacer.available(now):
            when = self._pacer.next_leave()
        else:
            due = (posts.delivery.next_due for posts in self._turns)
            when = min((each for each in due if each > after), default=math.inf)
        if when < self._alarm_at - _CLOSE_SECONDS:
            if self._alarm is not None:
                self._alarm.cancel()
            self._alarm_at = when
            self._alarm = asyncio.get_running_loop().call_later(max(0.0, when - now), self._wake)

    def _wake(self) -> None:
        self._alarm, self._alarm_at = None, math.inf
        self._pump()

    def _pump(self) -> None:
        # Where no post found a place, or no place a post, nothing else plans for what comes next.
        now = time.monotonic()
        self.throttling.roll(now)
        self.pump()
        self._plan(time.monotonic(), after=now)


def _nothing() -> None:
    pass
