"""Delivery through API Gateway's `@connections`, one POST a connection, with the AWS SDK (aioboto3).

API Gateway has no call that posts to many connections, so posts run side by side, a bounded number of them.

A post whose answer was lost, because its connection broke, is made once more although it may have been taken: a message
twice is the lesser evil. One that timed out is not, since it may still be under way.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from adapters.apigateway.throttling import MOST_ATTEMPTS, Throttling
from chat_core.domain.outcome import Outcome, Outcomes
from chat_core.ports import MessageSink

CONCURRENCY = 100
"""Posts under way at once. The SDK spends most of a millisecond of CPU on each: more would only wait for the CPU."""

POST_TIMEOUT_SECONDS = 5.0
"""The longest that one post may take: one that hangs must not eat the invocation."""

BACKOFF_BASE_SECONDS = 0.05
BACKOFF_LIMIT_SECONDS = 1.0

_ATTEMPTS = {
    Outcome.THROTTLED: MOST_ATTEMPTS,
    # Faults may pass, or may be there to stay.
    Outcome.UNAVAILABLE: 4,
}
_OUTCOMES = {410: Outcome.GONE, 429: Outcome.THROTTLED}

_Request = Callable[[str], Awaitable[object]]
"""Makes one request about a connection."""


def client_config(*, concurrency: int = CONCURRENCY) -> Config:
    """Return how the SDK's client has to be made for the sink."""
    return Config(
        # The sink retries, within its deadline; the SDK's retries would multiply with its own.
        retries={"total_max_attempts": 1},
        max_pool_connections=concurrency,
        connect_timeout=2,
    )


class SdkMessageSink(MessageSink):
    """Posts to connections through an aioboto3 client of `apigatewaymanagementapi` made with `client_config()`.

    Throttled posts and faults that may pass are tried again, with full jitter ("Exponential Backoff And Jitter", AWS
    Architecture Blog), a bounded number of times and within the deadline.
    """

    def __init__(
        self,
        client: Any,
        *,
        concurrency: int = CONCURRENCY,
        post_timeout: float = POST_TIMEOUT_SECONDS,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._client = client
        self._concurrency = concurrency
        self._slots = asyncio.Semaphore(concurrency)
        self._post_timeout = post_timeout
        self._jitter = jitter
        self._throttling = Throttling()

    async def deliver(self, *, payload: str, connection_ids: Sequence[str], deadline: float) -> Outcomes:
        data = payload.encode()
        return await self._request_all(
            connection_ids, deadline, lambda each: self._client.post_to_connection(ConnectionId=each, Data=data)
        )

    async def disconnect(self, *, connection_ids: Sequence[str], deadline: float) -> Sequence[str]:
        outcomes = await self._request_all(
            connection_ids, deadline, lambda each: self._client.delete_connection(ConnectionId=each)
        )
        return [each for each in connection_ids if each not in outcomes.failed]

    async def _request_all(self, connection_ids: Sequence[str], deadline: float, request: "_Request") -> Outcomes:
        self._throttling.roll(time.monotonic())
        outcomes: dict[str, Outcome] = {}
        retried = 0
        remaining = iter(connection_ids)

        async def work() -> None:
            nonlocal retried
            for connection_id in remaining:
                outcomes[connection_id], attempts = await self._request_until(deadline, connection_id, request)
                retried += attempts - 1

        # Workers that share the ids rather than a task for each: a page may hold thousands.
        workers = min(self._concurrency, len(connection_ids))
        await asyncio.gather(*(work() for _ in range(workers)))
        return Outcomes.of(outcomes, retried=retried)

    async def _request_until(self, deadline: float, connection_id: str, request: "_Request") -> tuple[Outcome, int]:
        """Repeat until there is an outcome to keep, or no time for another attempt; return how many there were, too."""
        was_lost = False
        for attempt in itertools.count(1):
            result, is_lost = await self._request(connection_id, request, deadline)
            outcome = self._judged(connection_id, result)
            pause = self._jitter(0, min(BACKOFF_BASE_SECONDS * 2.0 ** min(attempt, 10), BACKOFF_LIMIT_SECONDS))
            is_enough = attempt >= _ATTEMPTS.get(outcome, 0) or (is_lost and was_lost)
            if is_enough or time.monotonic() + pause >= deadline:
                break
            was_lost = was_lost or is_lost
            await asyncio.sleep(pause)
        return outcome, attempt

    def _judged(self, connection_id: str, outcome: Outcome) -> Outcome:
        """Return the outcome; what looks throttled may be the connection's own slowness."""
        if outcome is Outcome.THROTTLED:
            return self._throttling.refused(connection_id)
        if outcome is Outcome.DELIVERED:
            self._throttling.accepted += 1
        if outcome in (Outcome.DELIVERED, Outcome.GONE):
            self._throttling.reset(connection_id)
        return outcome

    async def _request(self, connection_id: str, request: "_Request", deadline: float) -> tuple[Outcome, bool]:
        """Make one request; return its outcome, and whether it may have been taken although there was no answer."""
        async with self._slots:
            seconds = min(self._post_timeout, deadline - time.monotonic())
            if seconds <= 0:
                return Outcome.NOT_TRIED, False
            try:
                async with asyncio.timeout(seconds):
                    await request(connection_id)
            except (BotoCoreError, ClientError, TimeoutError) as exc:
                return _failure(exc)
        return Outcome.DELIVERED, False


def _failure(exc: Exception) -> tuple[Outcome, bool]:
    """Return what an exception of the SDK's means, and whether the request may have been taken."""
    match exc:
        case ClientError():
            status = int(exc.response["ResponseMetadata"]["HTTPStatusCode"])
            return _OUTCOMES.get(status, Outcome.UNAVAILABLE if status >= 500 else Outcome.REFUSED), False
        case TimeoutError() | ReadTimeoutError():
            return Outcome.TIMED_OUT, False
        case ConnectTimeoutError() | EndpointConnectionError():
            return Outcome.UNAVAILABLE, False
        case _:
            return Outcome.UNAVAILABLE, True
