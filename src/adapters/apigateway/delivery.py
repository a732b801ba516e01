"""The delivery of one payload to many connections; disconnecting them is a delivery without a payload."""

import heapq
import itertools
import math
import time
from collections.abc import Sequence
from typing import Final

from adapters.apigateway.stage_endpoint import StageEndpoint
from adapters.apigateway.throttling import MOST_ATTEMPTS
from aws_client import ConnectionFailed, HeaderBlock, Response, Source, TransportError, percent_encoded
from chat_core.domain.outcome import Outcome, Outcomes

ATTEMPTS: Final = {
    Outcome.THROTTLED: MOST_ATTEMPTS,
    # A fault may be temporary or permanent.
    Outcome.UNAVAILABLE: 4,
}

BACKOFF_BASE_SECONDS: Final = 0.05
BACKOFF_LIMIT_SECONDS: Final = 1.0

_DONE: Final = frozenset({200, 204})
"""The statuses of a successful `POST` and `DELETE`."""


class Delivery(Source):
    """One request for each of many connections, repeated if that may help; and the outcomes.

    Each connection is in one of four states: not begun, waiting for its next attempt, under way, or settled. After the
    deadline no request is sent, and the delivery is finished when none is under way.
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
        """How many connections accepted the payload; an attempt increments it and decrements `unsettled`."""
        self.unsettled = len(connection_ids)
        """How many connections are not settled."""
        self._endpoint = endpoint
        self._payload = payload
        self._request_signer = endpoint.signer.for_payload(payload, method=method)
        self._connection_ids = connection_ids
        self._fresh = iter(connection_ids)
        self._fresh_left = len(connection_ids)
        """How many connections are not begun: the last ones of the sequence."""
        self._waiting: list[tuple[float, int, str, int, Outcome]] = []
        """A heap of when the next attempt is due, a number that keeps the order, connection, attempts, last outcome."""
        self._order = itertools.count()
        self._gone: list[str] = []
        self._failed: dict[str, Outcome] = {}
        self._retried = 0
        self._lost: set[str] = set()
        """The connections for which an answer was lost once."""

    def ready(self, now: float) -> int:
        """Return how many requests could be sent now. Of those that are due again, only one is counted."""
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
        """Record an answer other than success."""
        self.ended(attempt, self._endpoint.outcome_of(response, self._request_signer, attempt.signed))

    def ended(self, attempt: "Attempt", outcome: Outcome, *, is_lost: bool = False) -> None:
        """Settle the connection of an attempt that failed, or schedule its next attempt.

        An attempt whose answer was lost may have delivered the payload. It is repeated once: a duplicate is better than
        a lost message, but there is at most one.

        Args:
            attempt: the attempt.
            outcome: how it ended.
            is_lost: whether its answer was lost.

        """
        now = time.monotonic()
        connection_id = attempt.connection_id
        if outcome is Outcome.THROTTLED:
            outcome = self._endpoint.refused(connection_id, now)
        elif outcome is Outcome.GONE:
            self.throttling.reset(connection_id)
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
        """Return the outcomes. Must be called after the delivery is finished."""
        failed = self._failed | {connection_id: outcome for _, _, connection_id, _, outcome in self._waiting}
        not_tried = self._connection_ids[len(self._connection_ids) - self._fresh_left :]
        failed |= dict.fromkeys(not_tried, Outcome.NOT_TRIED)
        return Outcomes(delivered=self.delivered, gone=self._gone, failed=failed, retried=self._retried)


class Attempt:
    """One request about one connection."""

    # Set by `Delivery.take`: calling an initializer would take as long as all the assignments (measured).
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
    """The number of the attempt for its connection, from 1."""
    path: bytes
    header_block: HeaderBlock
    signature: bytes
    body: bytes
    expires: float
    signed: int
    """The date of its signature, in seconds since the epoch; the clock may have been corrected since."""

    def answered(self, response: Response) -> None:
        """Record API Gateway's answer."""
        delivery = self.source
        if response.status not in _DONE:
            delivery.answered(self, response)
            return
        # Inlined: calling a method would take as long as everything here (measured).
        throttling = delivery.throttling
        throttling.accepted += 1
        if throttling.refusals:
            throttling.reset(self.connection_id)
        delivery.delivered += 1
        delivery.unsettled -= 1

    def failed(self, error: TransportError) -> None:
        """Record that there is no answer. If there was a connection, the payload may have been delivered."""
        self.source.ended(self, Outcome.UNAVAILABLE, is_lost=not isinstance(error, ConnectionFailed))

    def timed_out(self) -> None:
        """Record that the request may still be under way."""
        self.source.ended(self, Outcome.TIMED_OUT)
