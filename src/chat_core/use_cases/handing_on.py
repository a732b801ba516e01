"""Leaving to a worker what there was no time for."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from chat_core.errors import Unavailable
from chat_core.model import FanOut, Format
from chat_core.ports.fan_out_queue import FanOutQueue
from chat_core.ports.message_sink import Outcome
from chat_core.use_cases.delivering import BroadcastReport, Left
from chat_core.use_cases.times import SETTLING_SECONDS

MEMBERS_AT_ONCE = 4000
"""Ids of 16 characters, with quotes and commas: 76 KB of the 256 KB that SQS takes, besides a message of 128 KB."""

MAX_HAND_ONS = 5
"""How often members are handed on by name. A worker has a quarter of an hour: whom five of them had no time for, a
sixth will not reach either. A message that goes round for ever would never be reported."""


def new_id() -> str:
    """Return an id for a fan-out."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOn:
    """Hands on a part of a broadcast, if it can."""

    queue: FanOutQueue
    new_id: Callable[[], str] = new_id

    async def rest(self, fan_out: FanOut, report: BroadcastReport, *, deadline: float) -> bool:
        """Hand on the members after a position; return False if the queue fails, or takes long after the deadline."""
        rest = replace(fan_out, handed_on=fan_out.handed_on + 1)
        try:
            await self.queue.hand_on(rest, deadline=deadline + SETTLING_SECONDS)
        except Unavailable:
            return False
        report.continues = True
        return True

    async def left(self, fan_out: FanOut, report: BroadcastReport, *, deadline: float) -> None:
        """Hand on those that have not got the message and could; where the queue fails, they stay among the failed.

        Those that were throttled are handed on once: a worker that finds them throttled as well reports them as failed.
        """
        if fan_out.handed_on >= MAX_HAND_ONS:
            return
        was_handed_on = fan_out.members is not None
        left = iter([each for each in report.left if not (was_handed_on and each.outcome is Outcome.THROTTLED)])
        while part := list(islice(left, MEMBERS_AT_ONCE)):
            members = _by_format(part)
            rest = replace(fan_out, id=self.new_id(), members=members, handed_on=fan_out.handed_on + 1)
            try:
                await self.queue.hand_on(rest, deadline=deadline + SETTLING_SECONDS)
            except Unavailable:
                return
            report.handed_on(part)


def _by_format(left: Sequence[Left]) -> dict[Format, list[str]]:
    members: defaultdict[Format, list[str]] = defaultdict(list)
    for each in left:
        members[each.to].append(each.connection_id)
    return dict(members)
