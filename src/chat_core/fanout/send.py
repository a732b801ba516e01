"""Payloads to connections, one after the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from chat_core.domain.outcome import Outcomes
from chat_core.fanout.unsent import CERTAINLY_NOT_RECEIVED
from chat_core.ports import MessageSink

Put = Callable[[Sequence[str], Sequence[str]], None]
"""Takes the frames that some connections certainly did not receive, and their ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFrames:
    """Sends the same frames to many connections, in order: a client's next one when its last one was taken.

    A connection that could not take a frame receives none of the later ones.
    """

    sink: MessageSink

    async def __call__(
        self, frames: Sequence[str], connection_ids: Sequence[str], *, deadline: float, unsent: Put | None = None
    ) -> Outcomes:
        """Send until a deadline.

        Args:
            frames: The payloads.
            connection_ids: Whose.
            deadline: On the scale of `time.monotonic()`.
            unsent: Takes those who certainly did not receive a frame; None if they get a second chance at once, and
                have failed after that.

        Returns:
            One outcome for each connection, but for those that `unsent` took.

        """
        left = list(connection_ids)
        parts: list[Outcomes] = []
        for at, frame in enumerate(frames):
            part = await (self._once if unsent else self._twice)(frame, left, deadline)
            if part.gone or part.failed:
                lost = part.failed.keys() | set(part.gone)
                left = [each for each in left if each not in lost]
                again = _not_received(part)
                if unsent and again:
                    unsent(frames[at:], again)
                    part = _without(part, again)
            parts.append(part)
        return Outcomes(
            delivered=len(left),
            gone=[each for part in parts for each in part.gone],
            failed={each: outcome for part in parts for each, outcome in part.failed.items()},
            retried=sum(part.retried for part in parts),
        )

    async def _once(self, frame: str, connection_ids: Sequence[str], deadline: float) -> Outcomes:
        return await self.sink.deliver(payload=frame, connection_ids=connection_ids, deadline=deadline)

    async def _twice(self, frame: str, connection_ids: Sequence[str], deadline: float) -> Outcomes:
        """Send one frame; those that certainly did not take it, and are not slow, get a second chance."""
        outcomes = await self._once(frame, connection_ids, deadline)
        again = _not_received(outcomes)
        if not again:
            return outcomes
        second = await self._once(frame, again, deadline)
        return Outcomes(
            delivered=outcomes.delivered + second.delivered,
            gone=[*outcomes.gone, *second.gone],
            failed={**_without(outcomes, again).failed, **second.failed},
            retried=outcomes.retried + second.retried + len(again),
        )


def _not_received(outcomes: Outcomes) -> Sequence[str]:
    return [each for each, outcome in outcomes.failed.items() if outcome in CERTAINLY_NOT_RECEIVED]


def _without(outcomes: Outcomes, connection_ids: Sequence[str]) -> Outcomes:
    others = set(connection_ids)
    return replace(outcomes, failed={each: why for each, why in outcomes.failed.items() if each not in others})
