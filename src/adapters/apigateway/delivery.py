"""One payload on its way to many connections; closing connections is a delivery of nothing."""

import heapq
import itertools
import math
import time
from collections.abc import Sequence
from typing import Final

from adapters.apigateway.stage_endpoint import StageEndpoint
from adapters.apigateway.throttling import MOST_ATTEMPTS
from aws_client import ConnectionFailed, HeaderBlock, Response, Source, TransportError, percent_encoded
from chat_core.ports import Outcome, Outcomes

ATTEMPTS: Final = {
    Outcome.THROTTLED: MOST_ATTEMPTS,
    # Faults may pass, or may be there to stay.
    Outcome.UNAVAILABLE: 4,
}

BACKOFF_BASE_SECONDS: Final = 0.05
BACKOFF_LIMIT_SECONDS: Final = 1.0

_DONE: Final = frozenset({200, 204})
"""To `POST`, and to `DELETE`."""


class Delivery(Source):
    """A request for each of many connections, repeated while that may help; and what became of them.

    Each connection is in one of four places: not begun, waiting for its next attempt, under way, or settled. After the
    deadline nothing more is sent, and the delivery is finished when nothing is under way.
    """

    def __init__(
        self,
        endpoint: StageEndpoint,
        connection_ids: Sequence[str],
        payload: bytes = b"",
        *,
        method: str = "POST",
        deadline: float,
    ) -> None:
        self.deadline = deadline
        self.throttling = endpoint.throttling
        self.delivered = 0
        """How many connections took the payload. An attempt that delivers counts this up, and `unsettled` down."""
        self.unsettled = len(connection_ids)
        """How many connections are not settled."""
        self._endpoint = endpoint
        self._payload = payload
        self._request_signer = endpoint.signer.for_payload(payload, method=method)
        self._connection_ids = connection_ids
        self._fresh = iter(connection_ids)
        self._fresh_left = len(connection_ids)
        """How many connections, at the end of the sequence, are not begun."""
        self._waiting: list[tuple[float, int, str, int, Outcome]] = []
        """A heap: due when, a number that keeps the order, whose, after how many attempts, how the last one ended."""
        self._order = itertools.count()
        self._gone: list[str] = []
        self._failed: dict[str, Outcome] = {}
        self._retried = 0
        self._lost: set[str] = set()
        """The connections for which an answer was lost once."""

    def ready(self, now: float) -> int:
        """Return how many connections could be posted to, at least one if there are any."""
        if now >= self.deadline:
            return 0
        return self._fresh_left + (1 if self._waiting and self._waiting[0][0] <= now else 0)

    def next_due(self) -> float:
        return self._waiting[0][0] if self._waiting else math.inf

    def is_finished(self, now: float) -> bool:
        if now < self.deadline:
            return not self.unsettled
        return self.unsettled == self._fresh_left + len(self._waiting)

    def take(self, now: float) -> "Attempt | None":
        if now >= self.deadline:
            return None
        if self._waiting and self._waiting[0][0] <= now:
            _, _, connection_id, number, _ = heapq.heappop(self._waiting)
            self._retried += 1
        elif self._fresh_left:
            self._fresh_left -= 1
            connection_id, number = next(self._fresh), 0
        else:
            return None
        if now >= self.throttling.window_ends:
            self.throttling.roll(now)
        endpoint, request_signer = self._endpoint, self._request_signer
        encoded = percent_encoded(connection_id)
        attempt = Attempt()
        attempt.source = self
        attempt.connection_id = connection_id
        attempt.number = number + 1
        attempt.path = endpoint.path + encoded
        attempt.signature = request_signer.sign(endpoint.canonical_path + encoded.replace(b"%", b"%25"), now)
        attempt.header_block = request_signer.header_block
        attempt.body = self._payload
        attempt.expires = min(now + endpoint.timeout, self.deadline)
        attempt.signed = request_signer.signed
        return attempt

    def answered(self, attempt: "Attempt", response: Response) -> None:
        """Record an answer that says that the attempt did not deliver."""
        self.ended(attempt, self._endpoint.outcome_of(response, self._request_signer, attempt.signed))

    def ended(self, attempt: "Attempt", outcome: Outcome, *, is_lost: bool = False) -> None:
        """Settle the connection of an attempt that did not deliver, or have it wait for the next attempt.

        An attempt whose answer was lost may have delivered. It is made once more: twice is better than not at all, and
        no more than twice.

        Args:
            attempt: the attempt.
            outcome: how it ended.
            is_lost: whether it may have delivered, since there was no answer.

        """
        now = time.monotonic()
        connection_id = attempt.connection_id
        if outcome is Outcome.THROTTLED:
            outcome = self._endpoint.refused(connection_id, now)
        elif outcome is Outcome.GONE:
            self.throttling.taken(connection_id)
        may_repeat = attempt.number < ATTEMPTS.get(outcome, 0) and not (is_lost and connection_id in self._lost)
        if is_lost:
            self._lost.add(connection_id)
        if may_repeat:
            # Full jitter: "Exponential Backoff And Jitter", AWS Architecture Blog.
            longest = min(BACKOFF_BASE_SECONDS * 2.0 ** min(attempt.number, 10), BACKOFF_LIMIT_SECONDS)
            due = now + self._endpoint.jitter(0, longest)
            if due < self.deadline:
                heapq.heappush(self._waiting, (due, next(self._order), connection_id, attempt.number, outcome))
                return
        self.unsettled -= 1
        if outcome is Outcome.GONE:
            self._gone.append(connection_id)
        else:
            self._failed[connection_id] = outcome

    def outcomes(self) -> Outcomes:
        """Return what became of the connections, once the delivery is finished."""
        failed = self._failed | {connection_id: outcome for _, _, connection_id, _, outcome in self._waiting}
        not_tried = self._connection_ids[len(self._connection_ids) - self._fresh_left :]
        failed |= dict.fromkeys(not_tried, Outcome.NOT_TRIED)
        return Outcomes(delivered=self.delivered, gone=self._gone, failed=failed, retried=self._retried)


class Attempt:
    """One request about one connection."""

    # Set by `Delivery.take`: the call of an initializer takes as long as all the assignments.
    __slots__ = (
        "body",
        "connection_id",
        "expires",
        "header_block",
        "number",
        "path",
        "signature",
        "signed",
        "source",
    )

    source: Delivery
    connection_id: str
    number: int
    """Which one it is for the connection, from 1."""
    path: bytes
    header_block: HeaderBlock
    signature: bytes
    body: bytes
    expires: float
    signed: int
    """When it was signed, in seconds since the epoch: others may have been signed since, by a corrected clock."""

    def answered(self, response: Response) -> None:
        """Record API Gateway's answer."""
        delivery = self.source
        if response.status not in _DONE:
            delivery.answered(self, response)
            return
        # All in one place: each call of a method takes as long as everything that is done here.
        throttling = delivery.throttling
        throttling.accepted += 1
        if throttling.refusals:
            throttling.taken(self.connection_id)
        delivery.delivered += 1
        delivery.unsettled -= 1

    def failed(self, error: TransportError) -> None:
        """Record that no answer will come. If there was a connection, the attempt may have delivered."""
        self.source.ended(self, Outcome.UNAVAILABLE, is_lost=not isinstance(error, ConnectionFailed))

    def timed_out(self) -> None:
        """Record that the request may still be under way."""
        self.source.ended(self, Outcome.TIMED_OUT)
