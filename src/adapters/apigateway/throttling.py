"""What a 429 means: that the account makes too many requests, or that one client does not read.

API Gateway answers 429 for both: "The client is sending more than the allowed number of requests per unit of time or
the WebSocket client side buffer is full" (API Gateway Management API reference, `LimitExceededException`). What happens
to the others tells them apart: if nearly all of them take their posts, the account is not throttled, and a connection
that refuses again and again is slow.
"""

import math
from collections import OrderedDict
from typing import Final

from chat_core.ports import Outcome

LEAST_ATTEMPTS: Final = 4
"""Before a connection is called slow, with pauses of a third of a second in all, and at most 0.7 s."""
MOST_ATTEMPTS: Final = 12
"""Before a throttled connection is given up, with pauses of 4 s on the average, and at most 8.3 s."""
CHANCE: Final = 1e-3
"""How probable it may be that a connection which is called slow was only refused by chance."""

WINDOW_SECONDS: Final = 0.5
"""Answers are counted for one to two such windows."""
BENEFIT: Final = 4
"""How many posts are taken to have been accepted before there are any: a first 429 speaks of its connection."""
FEW: Final = 20
SHARE: Final = 0.002
"""The account is throttled if so many connections began to refuse within the windows, and at least this part of all.
Functions that share the quota must all notice it, or the one that does not takes what the others leave."""

REMEMBERED: Final = 10_000
"""Connections whose last post was refused; those whose refusal is the longest ago are forgotten first."""


class Throttling:
    """What the answers to the last posts say of the account, and of each connection.

    Times are on the scale of `time.monotonic()`, in seconds.
    """

    def __init__(self) -> None:
        self.accepted = 0
        """How many posts were taken in this window; whoever posts counts them up."""
        self._refused = 0
        """How many connections began to refuse in this window."""
        self._before = (0, 0)
        """Both in the window before."""
        self.window_ends = -math.inf
        """When `roll` is to be called."""
        self.refusals: OrderedDict[str, int] = OrderedDict()
        """How many posts in a row each connection has refused, over all messages; none that took the last one."""
        self.is_account_throttled = False
        """Whether the last refusal says that the account is throttled. That of a connection which refused before says
        nothing new."""

    def refused(self, connection_id: str) -> Outcome:
        """Learn that a post was answered with 429.

        Returns:
            `THROTTLED` where another attempt may succeed, `SLOW` where the client does not read.

        """
        attempts = self.refusals.pop(connection_id, 0) + 1
        self.refusals[connection_id] = attempts
        if len(self.refusals) > REMEMBERED:
            self.refusals.popitem(last=False)
        if attempts == 1:
            self._refused += 1
        accepted, refused = self._counts()
        self.is_account_throttled = attempts == 1 and refused >= max(FEW, SHARE * (accepted + refused))
        return Outcome.SLOW if attempts >= self._enough() else Outcome.THROTTLED

    def taken(self, connection_id: str) -> None:
        """Learn that a connection takes posts, or is gone: only needed while there are `refusals`."""
        self.refusals.pop(connection_id, None)

    def roll(self, now: float) -> None:
        """Begin another window if this one is over; called whenever posts are about to be made."""
        if now < self.window_ends:
            return
        passed_all = now >= self.window_ends + WINDOW_SECONDS
        self._before = (0, 0) if passed_all else (self.accepted, self._refused)
        self.accepted = self._refused = 0
        self.window_ends = now + WINDOW_SECONDS

    def _enough(self) -> float:
        """Return how many refusals in a row are too many to be chance."""
        accepted, refused = self._counts()
        share_refused = refused / (accepted + refused + BENEFIT)
        if not share_refused:
            return LEAST_ATTEMPTS
        return max(LEAST_ATTEMPTS, math.log(CHANCE) / math.log(share_refused))

    def _counts(self) -> tuple[int, int]:
        return self.accepted + self._before[0], self._refused + self._before[1]
