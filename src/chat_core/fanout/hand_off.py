"""Handing a part of a delivery off to a worker."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from chat_core.domain.job import DeliveryJob, Recipients, RestOfRoom
from chat_core.domain.outcome import Outcome
from chat_core.domain.report import Report, Unreached
from chat_core.errors import Unavailable
from chat_core.fanout.budget import Budget
from chat_core.ports import Ids, JobQueue

MAX_HAND_OFFS: Final = 5
"""How often recipients are handed off by name. A worker has a quarter of an hour: recipients that five workers had no
time for are not reached by a sixth either, and a job that went round for ever would never be reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOff:
    """Puts the rest of a delivery onto the queue.

    A `job` here is the delivery so far: the new job has its event and, for the rest of a room, its id.
    """

    queue: JobQueue
    ids: Ids
    recipients_at_once: int
    """The most recipients that one job names."""

    async def rest(self, job: DeliveryJob, *, cursor: str, budget: Budget) -> bool:
        """Hand off the members after a cursor; return False if the queue is unavailable."""
        rest = replace(job, target=RestOfRoom(cursor=cursor), hand_offs=job.hand_offs + 1)
        return await self._put(rest, budget)

    async def unreached(self, job: DeliveryJob, report: Report, *, budget: Budget) -> Report:
        """Enqueue the recipients that were not reached before the deadline; return the report without them.

        If the queue is unavailable, they stay counted as failed. Throttled recipients are handed off once: a worker
        that finds them throttled again reports them as failed.
        """
        if job.hand_offs >= MAX_HAND_OFFS:
            return report
        handed_off_already = isinstance(job.target, Recipients)
        left = iter(
            [each for each in report.unreached if not (handed_off_already and each.outcome is Outcome.THROTTLED)]
        )
        while part := list(islice(left, self.recipients_at_once)):
            named = replace(job, id=self.ids.new(), target=Recipients(ids=_by_codec(part)), hand_offs=job.hand_offs + 1)
            if not await self._put(named, budget):
                break
            report = report.handed_off(part)
        return report

    async def _put(self, job: DeliveryJob, budget: Budget) -> bool:
        try:
            await self.queue.put(job=job, deadline=budget.settle_by)
        except Unavailable:
            return False
        return True


def _by_codec(recipients: Sequence[Unreached]) -> dict[str, list[str]]:
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for each in recipients:
        ids[each.codec].append(each.connection_id)
    return dict(ids)
