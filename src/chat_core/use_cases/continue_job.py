"""A worker continues a delivery that was too large for the process that began it."""

from dataclasses import dataclass
from typing import Final

from chat_core.domain.job import Checkpoint, DeliveryJob, RestOfRoom
from chat_core.domain.report import Report
from chat_core.errors import Unavailable
from chat_core.fanout.budget import UNLIMITED, Budget
from chat_core.fanout.deliver import DeliverToRoom
from chat_core.fanout.hand_off import HandOff
from chat_core.ports import CheckpointStore, Clock, Lease
from chat_core.wire.codecs import Codecs
from chat_core.wire.payloads import Payloads

CHUNK: Final = 5000
"""Members between two checkpoints, and so the most members (with the rest of a page) that receive an event twice if a
worker dies: half a second of an account's quota."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinueJob:
    """Deliver an event to the rest of its room, in chunks, and hand off again what there is no time for.

    A checkpoint is stored after each chunk. After a crash, the worker that takes the job next continues from there. If
    two workers have the same job, which a queue with at-least-once delivery may bring about, the slower one stops at
    the end of its chunk.

    Raises:
        Unavailable: the job could not be continued and has to be tried again.

    """

    deliver: DeliverToRoom
    codecs: Codecs
    hand_off: HandOff
    checkpoints: CheckpointStore
    clock: Clock
    chunk: int = CHUNK

    async def __call__(self, job: DeliveryJob, budget: Budget = UNLIMITED, *, lease: Lease | None = None) -> Report:
        """Continue within the budget.

        Args:
            job: what is left to do.
            budget: when to give deliveries up, and when to hand the rest off to another worker.
            lease: extended at the start and after each chunk, for a queue that gives the job to another worker if this
                one seems dead.

        """
        payloads = Payloads(self.codecs, job.event)
        reports = [await _extend(lease, budget)]
        if isinstance(job.target, RestOfRoom):
            reports += await self._rest(job, job.target, payloads, budget, lease)
        else:
            for codec, ids in job.target.ids.items():
                reports.append(
                    await self.deliver.to_recipients(payloads, codec=codec, connection_ids=ids, budget=budget)
                )
        return await self.hand_off.unreached(job, Report.total(reports), budget=budget)

    async def _rest(
        self, job: DeliveryJob, target: RestOfRoom, payloads: Payloads, budget: Budget, lease: Lease | None
    ) -> list[Report]:
        reports: list[Report] = []
        stored = await self.checkpoints.load(job_id=job.id, deadline=budget.settle_by)
        checkpoint = stored or Checkpoint(cursor=target.cursor)
        # The time to hand off is looked at between chunks, where a checkpoint is stored.
        in_chunks = Budget(deadline=budget.deadline)
        while checkpoint.cursor is not None:
            report, cursor = await self.deliver(
                payloads, room=job.event.room, cursor=checkpoint.cursor, budget=in_chunks, stop_after=self.chunk
            )
            reports.append(report)
            checkpoint = Checkpoint(version=checkpoint.version + 1, cursor=cursor)
            if not await self.checkpoints.advance(job_id=job.id, to=checkpoint, deadline=budget.settle_by):
                break
            reports.append(await _extend(lease, budget))
            if checkpoint.cursor is not None and self.clock.monotonic() >= budget.yield_at:
                if not await self.hand_off.rest(job, cursor=checkpoint.cursor, budget=budget):
                    raise Unavailable("The rest could not be handed off.")
                reports.append(Report(continues=True))
                break
        return reports


async def _extend(lease: Lease | None, budget: Budget) -> Report:
    if lease is None:
        return Report()
    try:
        await lease.extend(deadline=budget.deadline)
    except Unavailable:
        # Another worker may take the job. Then one of the two stops after its chunk.
        return Report(not_extended=1)
    return Report()
